/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The named characters of HTML 5. */
#ifndef T2V_TEXT_HTML_ENTITIES_H
#define T2V_TEXT_HTML_ENTITIES_H

/** A name without its `&`, most of them with a `;`, and what it stands for in UTF-8. */
typedef struct t2v_html_entity {
    const char *name, *text;
} t2v_html_entity;

/** Sorted by the bytes of the name. */
extern const t2v_html_entity t2v_html_entities[];
extern const int t2v_html_entity_count;

#endif
