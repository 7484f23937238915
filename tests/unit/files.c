/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include "unit.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

int files_setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/t2v-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

int files_teardown(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *files_path(const char *name)
{
    static char paths[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", folder, name);
    return paths[turn];
}

const char *files_write(const char *name, const void *data, size_t bytes)
{
    const char *path = files_path(name);
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char parent[512];
        snprintf(parent, sizeof(parent), "%s/%.*s", folder, (int)(slash - name), name);
        mkdir(parent, 0777);
    }
    remove(path); /* some file systems wait for the disk when a file is cut and written again */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
    return path;
}

const char *files_write_text(const char *name, const char *text)
{
    return files_write(name, text, strlen(text));
}

const char *files_write_safetensors(const char *name, const char *header, size_t data_bytes)
{
    size_t length = strlen(header), bytes = 8 + length + data_bytes;
    unsigned char *file = malloc(bytes);
    assert_non_null(file);
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)(length >> 8 * i);
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < data_bytes; i++)
        file[8 + length + i] = (unsigned char)i;
    const char *path = files_write(name, file, bytes);
    free(file);
    return path;
}

static void put_le(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

const char *files_write_clicks(const char *name, double seconds, const double *times, int count)
{
    enum { RATE = 8000, HEADER = 44 };
    const uint32_t bytes = 2 * (uint32_t)(seconds * RATE);
    uint8_t *wav = calloc(HEADER + bytes, 1);
    memcpy(wav, "RIFF\0\0\0\0WAVEfmt ", 16);
    put_le(wav + 4, HEADER - 8 + bytes, 4);
    put_le(wav + 16, 16, 4);
    put_le(wav + 20, 1, 2); /* PCM */
    put_le(wav + 22, 1, 2); /* channels */
    put_le(wav + 24, RATE, 4);
    put_le(wav + 28, 2 * RATE, 4);
    put_le(wav + 32, 2, 2);
    put_le(wav + 34, 16, 2); /* bits */
    memcpy(wav + 36, "data", 4);
    put_le(wav + 40, bytes, 4);
    for (int i = 0; i < count; i++) /* 2 ms of a square wave */
        for (uint32_t k = 0; k < 16; k++)
            put_le(wav + HEADER + 2 * ((uint32_t)(times[i] * RATE) + k),
                   k / 4 % 2 ? 0xb000 : 0x5000, 2);
    const char *path = files_write(name, wav, HEADER + bytes);
    free(wav);
    return path;
}

int files_exists(const char *name)
{
    return access(files_path(name), F_OK) == 0;
}

int files_count(void)
{
    int count = -2; /* . and .. */
    DIR *open = opendir(folder);
    assert_non_null(open);
    while (readdir(open))
        count++;
    closedir(open);
    return count;
}
