# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes html_entities.c: make_html_entities.py > html_entities.c

The named characters of HTML 5, as Python's html.entities has them from the WHATWG's list.
"""

import html.entities
import textwrap


def literal(text):
    """A string in C; all that is not plain ASCII in octal, which ends by itself."""
    return '"' + "".join(chr(byte) if 0x20 < byte < 0x7f and chr(byte) not in '"\\?'
                         else f"\\{byte:03o}" for byte in text.encode()) + '"'


entries = sorted((name.encode(), text) for name, text in html.entities.html5.items())
rows = " ".join(f"{{{literal(name.decode())},{literal(text)}}}," for name, text in entries)
print("""\
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made by make_html_entities.py. */
#include "text/html_entities.h"

/* clang-format off */
const t2v_html_entity t2v_html_entities[] = {""")
print(textwrap.fill(rows, 99, break_long_words=False, break_on_hyphens=False))
print(f"""\
}};

const int t2v_html_entity_count = {len(entries)};""")
