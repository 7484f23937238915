/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The end of a YUV4MPEG2 stream: its last pictures. */
#ifndef T2V_MEDIA_Y4M_READER_H
#define T2V_MEDIA_Y4M_READER_H

#include "media/video_end.h"

/** Whether it begins as a stream that can be read. A pipe is taken at its word. */
t2v_status t2v_y4m_probe(const char *path, t2v_error *error);

/**
 * Reads a stream through and keeps its last pictures, at most `most`; memory does not depend on its
 * length. 4:2:0, 4:2:2, 4:4:4 and grey, 8 to 16 bits; the header's XCOLORRANGE says the range,
 * limited unless it says FULL, and C420jpeg, C420mpeg2, C420paldv where chroma lies. y4m knows no
 * matrix: BT.709 is taken, as t2v writes it. Pictures are taken as progressive ones. A stream whose
 * last picture is cut off is refused, so is one that holds none.
 *
 * @param path        a file or a pipe; "-" is the standard input
 * @param most        1 or more
 * @param interrupted read now and then: true ends the reading with T2V_INTERRUPTED; may be NULL
 * @param end         ended by t2v_video_end_destroy; NULL on failure
 */
t2v_status t2v_y4m_read_end(const char *path, int64_t most, const atomic_bool *interrupted,
                            t2v_video_end **end, t2v_error *error);

#endif
