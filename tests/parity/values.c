/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares what a file's tensors hold with a list of their values: values FILE VALUES
 *
 * VALUES is a safetensors file of F32. Prints a line for each tensor; ends with 0 when all agree up
 * to the rounding of one multiplication and one addition.
 */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "weights/tensor_table.h"

/* Of the largest number of a tensor: half a unit in the last place, twice. */
static const double ROUNDING = 0x1p-23;

static double largest(const float *values, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        if (fabs((double)values[i]) > most && isfinite(values[i]))
            most = fabs((double)values[i]);
    return most;
}

static bool same(float a, float b, double tolerance)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b || fabs((double)a - b) <= tolerance;
}

static size_t count_different(const float *a, const float *b, size_t count)
{
    const double tolerance = largest(b, count) * ROUNDING;
    size_t different = 0;
    for (size_t i = 0; i < count; i++)
        different += !same(a[i], b[i], tolerance);
    return different;
}

static bool compare(const t2v_tensor_table *table, const char *name, const t2v_tensor *wanted)
{
    const t2v_tensor_entry *found = t2v_tensor_table_find(table, name);
    float *ours = NULL, *theirs = NULL;
    size_t count = 0, different = 1;
    if (found && t2v_dtype_is_float(found->tensor.dtype) &&
        t2v_shape_equal(&found->tensor.shape, &wanted->shape) &&
        t2v_shape_count(&wanted->shape, &count) &&
        t2v_tensor_to_floats(&found->tensor, &ours, NULL) >= 0 &&
        t2v_tensor_to_floats(wanted, &theirs, NULL) >= 0)
        different = count_different(ours, theirs, count);
    printf("%-18s %-8s %zu numbers, %zu different\n", name,
           found ? t2v_dtype_name(found->tensor.dtype) : "missing", count, different);
    t2v_free(ours);
    t2v_free(theirs);
    return !different;
}

int main(int argc, char **argv)
{
    t2v_tensor_file *file = NULL, *values = NULL;
    t2v_tensor_table table = {0};
    t2v_error error = {.text = "usage: values FILE VALUES"};
    bool good = argc == 3 && t2v_tensor_file_open(argv[1], &file, &error) >= 0 &&
                t2v_tensor_table_add(&table, file, NULL, NULL, &error) >= 0 &&
                t2v_tensor_table_finish(&table, argv[1], &error) >= 0 &&
                t2v_tensor_file_open(argv[2], &values, &error) >= 0;
    if (!good)
        fprintf(stderr, "%s\n", error.text);
    for (size_t i = 0; values && i < t2v_tensor_file_count(values); i++) {
        const char *name;
        const t2v_tensor *wanted = t2v_tensor_file_at(values, i, &name);
        good = compare(&table, name, wanted) && good;
    }
    t2v_tensor_table_free(&table);
    t2v_tensor_file_close(&file);
    t2v_tensor_file_close(&values);
    return good ? 0 : 1;
}
