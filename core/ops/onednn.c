/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/onednn.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <string.h>

#include "ops/kept.h"
#include "ops/profile.h"
#include "ops/quantize.h"
#include "ops/rehearsal.h"

/* ------------------------------------------------------------------ oneDNN 2.x and 3.x
 * In 2.x memory descriptors are plain structures and primitives have an operation descriptor;
 * in 3.x memory descriptors are handles and the operation descriptor is gone. */

/* oneDNN declares every list of dimensions as an array of the highest rank. */
typedef struct dims {
    dnnl_dims_t v;
} dims;

static dims pad_dims(int rank, const int64_t *dim)
{
    dims padded = {{0}};
    memcpy(padded.v, dim, (size_t)rank * sizeof(*dim));
    return padded;
}

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t layout_t;
typedef const_dnnl_memory_desc_t layout_ref;
#define REF(layout) (layout)

static dnnl_status_t layout_strided_of(layout_t *layout, dnnl_data_type_t type, int rank,
                                       const int64_t *dim, const int64_t *stride)
{
    return dnnl_memory_desc_create_with_strides(layout, rank, pad_dims(rank, dim).v, type,
                                                pad_dims(rank, stride).v);
}

static dnnl_status_t layout_any_of(layout_t *layout, dnnl_data_type_t type, int rank,
                                   const int64_t *dim)
{
    return dnnl_memory_desc_create_with_tag(layout, rank, pad_dims(rank, dim).v, type,
                                            dnnl_format_tag_any);
}

static dnnl_status_t layout_copy(layout_t *layout, layout_ref source)
{
    return dnnl_memory_desc_clone(layout, source);
}

static void layout_free(layout_t *layout)
{
    if (*layout)
        dnnl_memory_desc_destroy(*layout);
    *layout = NULL;
}

static dnnl_status_t append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t kind)
{
    return dnnl_post_ops_append_eltwise(ops, kind, 1.0f, 0.0f);
}

static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
}

static dnnl_status_t describe_matmul(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                     layout_ref src, layout_ref weights, layout_ref bias,
                                     layout_ref dst, dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(pd, engine, src, weights, bias, dst, attr);
}

static dnnl_status_t describe_convolution(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                          layout_ref src, layout_ref weights, layout_ref bias,
                                          layout_ref dst, const int64_t *stride,
                                          const int64_t *before, const int64_t *after,
                                          dnnl_primitive_attr_t attr)
{
    const int64_t dilation[3] = {0, 0, 0};
    return dnnl_convolution_forward_primitive_desc_create(
        pd, engine, dnnl_forward_inference, dnnl_convolution_direct, src, weights, bias, dst,
        pad_dims(3, stride).v, pad_dims(3, dilation).v, pad_dims(3, before).v, pad_dims(3, after).v,
        attr);
}

#else

typedef dnnl_memory_desc_t layout_t;
typedef const dnnl_memory_desc_t *layout_ref;
#define REF(layout) (&(layout))

static dnnl_status_t layout_strided_of(layout_t *layout, dnnl_data_type_t type, int rank,
                                       const int64_t *dim, const int64_t *stride)
{
    return dnnl_memory_desc_init_by_strides(layout, rank, pad_dims(rank, dim).v, type,
                                            pad_dims(rank, stride).v);
}

static dnnl_status_t layout_any_of(layout_t *layout, dnnl_data_type_t type, int rank,
                                   const int64_t *dim)
{
    return dnnl_memory_desc_init_by_tag(layout, rank, pad_dims(rank, dim).v, type,
                                        dnnl_format_tag_any);
}

static dnnl_status_t layout_copy(layout_t *layout, layout_ref source)
{
    *layout = *source;
    return dnnl_success;
}

static void layout_free(layout_t *layout)
{
    (void)layout;
}

static dnnl_status_t append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t kind)
{
    return dnnl_post_ops_append_eltwise(ops, 1.0f, kind, 1.0f, 0.0f);
}

static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f);
}

static dnnl_status_t describe_matmul(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                     layout_ref src, layout_ref weights, layout_ref bias,
                                     layout_ref dst, dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t operation;
    dnnl_status_t status = dnnl_matmul_desc_init(&operation, src, weights, bias, dst);
    return status ? status : dnnl_primitive_desc_create(pd, &operation, attr, engine, NULL);
}

static dnnl_status_t describe_convolution(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                          layout_ref src, layout_ref weights, layout_ref bias,
                                          layout_ref dst, const int64_t *stride,
                                          const int64_t *before, const int64_t *after,
                                          dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t operation;
    dnnl_status_t status = dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, src, weights, bias, dst,
        pad_dims(3, stride).v, pad_dims(3, before).v, pad_dims(3, after).v);
    return status ? status : dnnl_primitive_desc_create(pd, &operation, attr, engine, NULL);
}

#endif

static dnnl_status_t layout_strided(layout_t *layout, int rank, const int64_t *dim,
                                    const int64_t *stride)
{
    return layout_strided_of(layout, dnnl_f32, rank, dim, stride);
}

static dnnl_status_t layout_any(layout_t *layout, int rank, const int64_t *dim)
{
    return layout_any_of(layout, dnnl_f32, rank, dim);
}

void t2v_onednn_version(char *text, size_t size)
{
    const dnnl_version_t *version = dnnl_version();
    snprintf(text, size, "%d.%d.%d", version->major, version->minor, version->patch);
}

/* What oneDNN itself goes by, rather than the processor: ONEDNN_MAX_CPU_ISA may have told it to do
 * with less. The values are sets of bits. */
#ifdef __x86_64__
static bool has_isa(int wanted)
{
    return ((int)dnnl_get_effective_cpu_isa() & wanted) == wanted;
}
#endif

/* AVX2 with VNNI counts as without: not every version uses it. */
int t2v_onednn_levels(void)
{
#ifdef __x86_64__
    return has_isa(dnnl_cpu_isa_avx512_core_vnni) ? 255 : 127;
#else
    return 255;
#endif
}

/* Other AVX-512 has bfloat16 emulated, which is slower than floats; aarch64 may have nothing. */
bool t2v_onednn_has_bf16(void)
{
#ifdef __x86_64__
    return has_isa(dnnl_cpu_isa_avx512_core_bf16);
#else
    return false;
#endif
}

/* On aarch64 oneDNN may have nothing but its reference loops. */
bool t2v_onednn_convolves_bytes(void)
{
#ifdef __x86_64__
    return t2v_onednn_levels() == 255;
#else
    return false;
#endif
}

/* ------------------------------------------------------------------ primitives */

enum { MEMORIES = 5, BUCKETS = 256 };

/* What distinguishes one primitive from another; compared as bytes. */
typedef union key {
    struct {
        enum { PRODUCT, CONVOLUTION, BYTE_PRODUCT, BYTE_CONVOLUTION } kind;
        union {
            t2v_product product;
            t2v_byte_product bytes_product;
            t2v_convolution convolution;
        };
    };
    unsigned char bytes[160];
} key;

typedef struct primitive {
    struct primitive *next;
    key key;
    dnnl_primitive_t handle;
    int count;
    int arg[MEMORIES];
    dnnl_memory_t memory[MEMORIES];
    layout_t weights; /* that oneDNN chose */
    size_t scratchpad;
} primitive;

struct t2v_onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    primitive *bucket[BUCKETS];
};

static t2v_status dnn_fail(t2v_error *error, dnnl_status_t status, const char *what)
{
    if (status == dnnl_out_of_memory)
        return t2v_fail(error, T2V_ERROR_MEMORY, "out of memory: oneDNN, %s", what);
    return t2v_fail(error, T2V_ERROR_INTERNAL, "oneDNN failed with status %d: %s", (int)status,
                    what);
}

t2v_status t2v_onednn_create(t2v_onednn **out, t2v_error *error)
{
    t2v_onednn *dnn = t2v_calloc(1, sizeof(*dnn));
    *out = dnn;
    if (!dnn)
        return t2v_fail_memory(error, "oneDNN's engine", sizeof(*dnn));
    dnnl_status_t status = dnnl_engine_create(&dnn->engine, dnnl_cpu, 0);
    if (!status)
        status = dnnl_stream_create(&dnn->stream, dnn->engine, dnnl_stream_default_flags);
    if (status) {
        t2v_onednn_destroy(out);
        return dnn_fail(error, status, "making the engine");
    }
    return T2V_OK;
}

static void primitive_free(primitive *p)
{
    for (int i = 0; i < p->count; i++)
        if (p->memory[i])
            dnnl_memory_destroy(p->memory[i]);
    if (p->handle)
        dnnl_primitive_destroy(p->handle);
    layout_free(&p->weights);
    t2v_free(p);
}

void t2v_onednn_destroy(t2v_onednn **dnn)
{
    if (!*dnn)
        return;
    for (int i = 0; i < BUCKETS; i++)
        while ((*dnn)->bucket[i]) {
            primitive *p = (*dnn)->bucket[i];
            (*dnn)->bucket[i] = p->next;
            primitive_free(p);
        }
    if ((*dnn)->stream)
        dnnl_stream_destroy((*dnn)->stream);
    if ((*dnn)->engine)
        dnnl_engine_destroy((*dnn)->engine);
    t2v_free(*dnn);
    *dnn = NULL;
}

/* FNV-1a */
static unsigned hash(const key *k)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < sizeof(k->bytes); i++)
        h = (h ^ k->bytes[i]) * 16777619u;
    return h % BUCKETS;
}

static primitive *find(t2v_onednn *dnn, const key *k)
{
    for (primitive *p = dnn->bucket[hash(k)]; p; p = p->next)
        if (!memcmp(p->key.bytes, k->bytes, sizeof(k->bytes)))
            return p;
    return NULL;
}

static dnnl_status_t add_memory(t2v_onednn *dnn, primitive *p, int arg, layout_ref layout)
{
    p->arg[p->count] = arg;
    dnnl_status_t status =
        dnnl_memory_create(&p->memory[p->count], layout, dnn->engine, DNNL_MEMORY_NONE);
    p->count += !status;
    return status;
}

/* The five memories of a primitive in a fixed order: source, weights, destination, bias, scratch.
 */
static dnnl_status_t finish_primitive(t2v_onednn *dnn, primitive *p, dnnl_primitive_desc_t pd,
                                      bool bias)
{
    layout_ref chosen = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    layout_ref scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    dnnl_status_t status = dnnl_primitive_create(&p->handle, pd);
    if (!status)
        status = layout_copy(&p->weights, chosen);
    if (!status)
        status = add_memory(dnn, p, DNNL_ARG_SRC,
                            dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0));
    if (!status)
        status = add_memory(dnn, p, DNNL_ARG_WEIGHTS, chosen);
    if (!status)
        status = add_memory(dnn, p, DNNL_ARG_DST,
                            dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0));
    if (!status && bias)
        status = add_memory(dnn, p, DNNL_ARG_BIAS,
                            dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 1));
    p->scratchpad = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
    if (!status && p->scratchpad)
        status = add_memory(dnn, p, DNNL_ARG_SCRATCHPAD, scratch);
    return status;
}

/* Attributes: scratch memory is the caller's; accumulate, then activate. */
static dnnl_status_t make_attributes(dnnl_primitive_attr_t *attr, bool accumulate,
                                     t2v_activation activation)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (!status)
        status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (!status)
        status = dnnl_post_ops_create(&ops);
    if (!status && activation != T2V_ACTIVATION_NONE)
        status = append_eltwise(ops, activation == T2V_ACTIVATION_SILU ? dnnl_eltwise_swish
                                                                       : dnnl_eltwise_gelu_tanh);
    if (!status && accumulate)
        status = append_sum(ops);
    if (!status)
        status = dnnl_primitive_attr_set_post_ops(*attr, ops);
    if (ops)
        dnnl_post_ops_destroy(ops);
    return status;
}

/* Shapes and strides of one primitive, before oneDNN sees them. */
typedef struct recipe {
    layout_t src, weights, bias, dst;
    bool has_bias, accumulate;
    t2v_activation activation;
    const t2v_convolution *convolution; /* NULL: a product */
} recipe;

static void recipe_free(recipe *r)
{
    layout_free(&r->src);
    layout_free(&r->weights);
    layout_free(&r->bias);
    layout_free(&r->dst);
}

static dnnl_status_t describe(t2v_onednn *dnn, recipe *r, dnnl_primitive_desc_t *pd)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t status = make_attributes(&attr, r->accumulate, r->activation);
    layout_ref bias = r->has_bias ? REF(r->bias) : NULL;
    if (!status && r->convolution) {
        const t2v_convolution *c = r->convolution;
        const int64_t before[3] = {0, c->pad_top, c->pad_left};
        const int64_t after[3] = {0, c->pad_bottom, c->pad_right};
        status = describe_convolution(pd, dnn->engine, REF(r->src), REF(r->weights), bias,
                                      REF(r->dst), c->stride, before, after, attr);
    } else if (!status) {
        status =
            describe_matmul(pd, dnn->engine, REF(r->src), REF(r->weights), bias, REF(r->dst), attr);
    }
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    return status;
}

static dnnl_status_t build(t2v_onednn *dnn, recipe *r, primitive *p)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = describe(dnn, r, &pd);
    if (!status)
        status = finish_primitive(dnn, p, pd, r->has_bias);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return status;
}

static dnnl_data_type_t float_type(bool bf16)
{
    return bf16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_status_t recipe_product(recipe *r, const t2v_product *p)
{
    const int64_t src[2] = {p->m, p->k}, weights[2] = {p->k, p->n}, dst[2] = {p->m, p->n};
    const int64_t bias[2] = {1, p->n}, dense[2] = {p->n, 1};
    const int64_t src_stride[2] = {p->src_stride, 1}, dst_stride[2] = {p->dst_stride, 1};
    r->has_bias = p->bias;
    r->accumulate = p->accumulate;
    r->activation = p->activation;
    const dnnl_data_type_t type = float_type(p->bf16);
    dnnl_status_t status = layout_strided_of(&r->src, type, 2, src, src_stride);
    if (!status)
        status = layout_any_of(&r->weights, type, 2, weights);
    if (!status)
        status = layout_strided(&r->dst, 2, dst, dst_stride);
    return status || !p->bias ? status : layout_strided(&r->bias, 2, bias, dense);
}

static dnnl_status_t recipe_bytes(recipe *r, const t2v_byte_product *p)
{
    const int64_t src[2] = {p->m, p->k}, weights[2] = {p->k, p->n}, dst[2] = {p->m, p->n};
    const int64_t src_stride[2] = {p->k, 1}, dst_stride[2] = {p->n, 1};
    dnnl_status_t status = layout_strided_of(&r->src, dnnl_u8, 2, src, src_stride);
    if (!status)
        status = layout_any_of(&r->weights, dnnl_s8, 2, weights);
    return status ? status : layout_strided_of(&r->dst, dnnl_s32, 2, dst, dst_stride);
}

static int64_t output_size(int64_t size, int64_t padding, int64_t kernel, int64_t stride)
{
    return (size + padding - kernel) / stride + 1;
}

/* Dense [d, h, w, c] as oneDNN's [1, c, d, h, w] with strides. */
static dnnl_status_t channels_last(layout_t *layout, dnnl_data_type_t type, int64_t c, int64_t d,
                                   int64_t h, int64_t w)
{
    const int64_t dim[5] = {1, c, d, h, w};
    const int64_t stride[5] = {d * h * w * c, 1, h * w * c, w * c, c};
    return layout_strided_of(layout, type, 5, dim, stride);
}

static dnnl_status_t recipe_taps(recipe *r, const t2v_convolution *c, dnnl_data_type_t src,
                                 dnnl_data_type_t weights, dnnl_data_type_t dst)
{
    const int64_t taps[5] = {c->oc, c->ic, c->kernel[0], c->kernel[1], c->kernel[2]};
    r->convolution = c;
    dnnl_status_t status = channels_last(&r->src, src, c->ic, c->d, c->h, c->w);
    if (!status)
        status = channels_last(
            &r->dst, dst, c->oc, output_size(c->d, 0, c->kernel[0], c->stride[0]),
            output_size(c->h, c->pad_top + c->pad_bottom, c->kernel[1], c->stride[1]),
            output_size(c->w, c->pad_left + c->pad_right, c->kernel[2], c->stride[2]));
    return status ? status : layout_any_of(&r->weights, weights, 5, taps);
}

static dnnl_status_t recipe_convolution(recipe *r, const t2v_convolution *c)
{
    const int64_t bias[1] = {c->oc}, dense[1] = {1};
    r->has_bias = true;
    r->accumulate = c->accumulate;
    const dnnl_data_type_t type = float_type(c->bf16);
    dnnl_status_t status = recipe_taps(r, c, type, type, dnnl_f32);
    return status ? status : layout_strided(&r->bias, 1, bias, dense);
}

static dnnl_status_t recipe_make(recipe *r, const key *k)
{
    switch (k->kind) {
    case PRODUCT:
        return recipe_product(r, &k->product);
    case CONVOLUTION:
        return recipe_convolution(r, &k->convolution);
    case BYTE_PRODUCT:
        return recipe_bytes(r, &k->bytes_product);
    default:
        return recipe_taps(r, &k->convolution, dnnl_u8, dnnl_s8, dnnl_s32);
    }
}

static t2v_status make_primitive(t2v_onednn *dnn, const key *k, primitive **out, t2v_error *error)
{
    primitive *p = t2v_calloc(1, sizeof(*p));
    if (!p)
        return t2v_fail_memory(error, "a primitive", sizeof(*p));
    recipe r = {0};
    p->key = *k;
    dnnl_status_t status = recipe_make(&r, &p->key);
    if (!status)
        status = build(dnn, &r, p);
    recipe_free(&r);
    if (status) {
        primitive_free(p);
        return dnn_fail(error, status, "making a primitive");
    }
    p->next = dnn->bucket[hash(k)];
    dnn->bucket[hash(k)] = p;
    *out = p;
    return T2V_OK;
}

/* The primitive for a key, made when it is wanted for the first time. */
static t2v_status get_primitive(t2v_exec *exec, const key *k, primitive **out)
{
    const t2v_work work = {.operation = T2V_OPERATION_PRIMITIVE};
    if ((*out = find(exec->dnn, k)))
        return T2V_OK;
    const int before = t2v_work_begin(exec, &work);
    t2v_status status = make_primitive(exec->dnn, k, out, exec->error);
    t2v_work_end(exec, before);
    return status;
}

/* handles: source, weights, destination, bias (or NULL) */
static t2v_status execute(t2v_exec *exec, primitive *p, void *const handles[4])
{
    dnnl_exec_arg_t args[MEMORIES];
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    dnnl_status_t status = dnnl_success;
    for (int i = 0, plain = 0; i < p->count && !status; i++) {
        void *handle;
        if (p->arg[i] == DNNL_ARG_SCRATCHPAD) {
            handle = t2v_arena_alloc(&exec->arena, p->scratchpad, 1);
            if (!handle)
                return t2v_fail_memory(exec->error, "oneDNN's scratchpad", p->scratchpad);
        } else {
            handle = handles[plain++];
        }
        status = dnnl_memory_set_data_handle(p->memory[i], handle);
        args[i] = (dnnl_exec_arg_t){p->arg[i], p->memory[i]};
    }
    if (!status && !exec->rehearsal)
        status = dnnl_primitive_execute(p->handle, exec->dnn->stream, p->count, args);
    if (!status && !exec->rehearsal)
        status = dnnl_stream_wait(exec->dnn->stream);
    t2v_arena_reset(&exec->arena, mark);
    return status ? dnn_fail(exec->error, status, "running a primitive") : T2V_OK;
}

/* ------------------------------------------------------------------ prepared weights */

/* Weights in a layout of oneDNN's. */
typedef struct packed {
    t2v_prepared base;
    layout_t layout;
    void *data; /* [data_bytes], in pages */
    size_t data_bytes;
    float *scale, *sum; /* of each row, where the weights are bytes; else NULL */
} packed;

static packed *packed_of(t2v_prepared *prepared)
{
    return (packed *)prepared;
}

void t2v_operand_init(t2v_operand *operand, const t2v_tensor *source, size_t first, int rank,
                      const int64_t *dim)
{
    memset(operand, 0, sizeof(*operand));
    operand->source = *source;
    operand->first = first;
    operand->rank = rank;
    memcpy(operand->dim, dim, (size_t)rank * sizeof(*dim));
    pthread_mutex_init(&operand->lock, NULL);
}

static void packed_free(packed *w)
{
    t2v_kept_remove(&w->base);
    layout_free(&w->layout);
    t2v_free_pages(w->data, w->data_bytes);
    t2v_free(w->scale);
    t2v_free(w->sum);
    t2v_free(w);
}

void t2v_operand_drop(t2v_operand *operand, t2v_prepared *prepared)
{
    t2v_prepared **link = &operand->prepared;
    while (*link != prepared)
        link = &(*link)->next;
    *link = prepared->next;
    packed_free(packed_of(prepared));
}

void t2v_operand_forget(t2v_operand *operand)
{
    pthread_mutex_lock(&operand->lock);
    for (t2v_prepared *p = operand->prepared, *next; p; p = next) {
        next = p->next;
        if (!p->users)
            t2v_operand_drop(operand, p);
    }
    pthread_mutex_unlock(&operand->lock);
}

void t2v_operand_free(t2v_operand *operand)
{
    while (operand->prepared)
        t2v_operand_drop(operand, operand->prepared);
    pthread_mutex_destroy(&operand->lock);
}

int64_t t2v_operand_columns(const t2v_operand *operand)
{
    int64_t columns = 1;
    for (int i = 1; i < operand->rank; i++)
        columns *= operand->dim[i]; /* part of a checked tensor */
    return columns;
}

/* The layout of the weights in their file: dense, as oneDNN's logical dimensions see it. */
static dnnl_status_t source_layout(layout_t *layout, dnnl_data_type_t type,
                                   const t2v_operand *operand)
{
    const int64_t *dim = operand->dim;
    if (operand->rank == 2) {
        const int64_t logical[2] = {dim[1], dim[0]}, stride[2] = {1, dim[1]};
        return layout_strided_of(layout, type, 2, logical, stride);
    }
    int64_t stride[5] = {0, 0, 0, 0, 1};
    for (int i = 3; i >= 0; i--)
        stride[i] = stride[i + 1] * dim[i + 1];
    return layout_strided_of(layout, type, 5, dim, stride);
}

static dnnl_status_t reorder(t2v_onednn *dnn, layout_ref from, void *source, layout_ref to,
                             void *target)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t handle = NULL;
    dnnl_memory_t memory[2] = {NULL, NULL};
    dnnl_status_t status =
        dnnl_reorder_primitive_desc_create(&pd, from, dnn->engine, to, dnn->engine, NULL);
    if (!status)
        status = dnnl_primitive_create(&handle, pd);
    if (!status)
        status = dnnl_memory_create(&memory[0], from, dnn->engine, source);
    if (!status)
        status = dnnl_memory_create(&memory[1], to, dnn->engine, target);
    if (!status) {
        const dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, memory[0]}, {DNNL_ARG_TO, memory[1]}};
        status = dnnl_primitive_execute(handle, dnn->stream, 2, args);
    }
    if (!status)
        status = dnnl_stream_wait(dnn->stream);
    for (int i = 0; i < 2; i++)
        if (memory[i])
            dnnl_memory_destroy(memory[i]);
    if (handle)
        dnnl_primitive_destroy(handle);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return status;
}

/* Floats from the file, a slice for each thread at a time: a large convolution has a hundred
 * million, on a disk that may be slow. */
static t2v_status read_source(t2v_exec *exec, const t2v_operand *operand, size_t count, float *out)
{
    enum { SLICE = 1 << 18 };
    const int64_t slices = (int64_t)((count + SLICE - 1) / SLICE);
#pragma omp parallel for schedule(dynamic)
    for (int64_t i = 0; i < slices; i++) {
        const size_t at = (size_t)i * SLICE, left = count - at;
        if (!t2v_exec_stopping(exec))
            t2v_tensor_read_f32(&operand->source, operand->first + at, left < SLICE ? left : SLICE,
                                out + at);
    }
    return t2v_exec_check(exec);
}

/* Reorders the weights, which the caller has read, into the layout that is wanted. */
static t2v_status fill_prepared(t2v_exec *exec, const t2v_operand *operand, dnnl_data_type_t type,
                                const void *plain, layout_ref wanted, packed *prepared)
{
    layout_t from = {0};
    prepared->data_bytes = dnnl_memory_desc_get_size(wanted);
    prepared->data = t2v_alloc_pages(prepared->data_bytes);
    dnnl_status_t status = prepared->data ? dnnl_success : dnnl_out_of_memory;
    if (!status)
        status = source_layout(&from, type, operand);
    if (!status)
        status = layout_copy(&prepared->layout, wanted);
    if (!status)
        status = reorder(exec->dnn, REF(from), (void *)plain, wanted, prepared->data);
    layout_free(&from);
    return status ? dnn_fail(exec->error, status, "preparing weights") : T2V_OK;
}

static t2v_status prepare_floats(t2v_exec *exec, const t2v_operand *operand, layout_ref wanted,
                                 packed *prepared)
{
    size_t count = 1;
    for (int i = 0; i < operand->rank; i++)
        count *= (size_t)operand->dim[i]; /* part of a checked tensor */
    float *plain = t2v_alloc_pages(count * sizeof(*plain));
    t2v_status status = plain ? read_source(exec, operand, count, plain)
                              : dnn_fail(exec->error, dnnl_out_of_memory, "weights");
    if (status >= 0)
        status = fill_prepared(exec, operand, dnnl_f32, plain, wanted, prepared);
    t2v_free_pages(plain, count * sizeof(*plain));
    return status;
}

/* Of a file that holds bytes these are taken as they lie there. */
static t2v_status prepare_bytes(t2v_exec *exec, const t2v_operand *operand, layout_ref wanted,
                                packed *prepared)
{
    const size_t rows = (size_t)operand->dim[0], columns = (size_t)t2v_operand_columns(operand);
    const int8_t *stored = t2v_tensor_bytes(&operand->source);
    int8_t *made = stored ? NULL : t2v_alloc_pages(rows * columns);
    prepared->scale = t2v_calloc(rows, sizeof(float));
    prepared->sum = t2v_calloc(rows, sizeof(float));
    t2v_status status = T2V_ERROR_MEMORY;
    if (prepared->scale && prepared->sum && (stored || made))
        status = t2v_quantize_operand(exec, operand, made, prepared->scale, prepared->sum);
    else
        dnn_fail(exec->error, dnnl_out_of_memory, "weights");
    if (status >= 0)
        status = fill_prepared(exec, operand, dnnl_s8, made ? made : stored + operand->first,
                               wanted, prepared);
    t2v_free_pages(made, rows * columns);
    return status;
}

static bool takes_bytes(const primitive *p)
{
    return p->key.kind == BYTE_PRODUCT || p->key.kind == BYTE_CONVOLUTION;
}

/* Of what is made of the operand for the primitive. */
static size_t prepared_bytes(const t2v_operand *operand, const primitive *p)
{
    const size_t rows = takes_bytes(p) ? 2 * sizeof(float) * (size_t)operand->dim[0] : 0;
    return dnnl_memory_desc_get_size(REF(p->weights)) + rows;
}

/* Reads the weights from their file and reorders them. The operand's lock is held. */
static t2v_status prepare(t2v_exec *exec, t2v_operand *operand, const primitive *p, packed **out)
{
    packed *prepared = *out = t2v_calloc(1, sizeof(*prepared));
    if (!prepared)
        return t2v_fail_memory(exec->error, "weights", sizeof(*prepared));
    t2v_status status =
        (takes_bytes(p) ? prepare_bytes : prepare_floats)(exec, operand, REF(p->weights), prepared);
    if (status < 0) {
        packed_free(prepared);
        *out = NULL;
        return status;
    }
    prepared->base.operand = operand;
    prepared->base.bytes = prepared_bytes(operand, p);
    prepared->base.next = operand->prepared;
    operand->prepared = &prepared->base;
    t2v_kept_add(exec->kept, &prepared->base);
    return T2V_OK;
}

static packed *find_prepared(const t2v_operand *operand, const primitive *p)
{
    t2v_prepared *found = operand->prepared;
    while (found && !dnnl_memory_desc_equal(REF(packed_of(found)->layout), REF(p->weights)))
        found = found->next;
    return found ? packed_of(found) : NULL;
}

static bool same_layout(const void *a, const void *b)
{
    const primitive *left = a, *right = b;
    return dnnl_memory_desc_equal(REF(left->weights), REF(right->weights));
}

static t2v_status rehearse_prepared(t2v_exec *exec, const t2v_operand *operand, const primitive *p,
                                    const packed **out)
{
    static const packed none;
    *out = &none;
    return t2v_rehearsal_want(exec, operand, p, same_layout, prepared_bytes(operand, p));
}

/* The weights in the layout that the primitive wants; made by the first stream that asks, and there
 * until the hold ends. */
static t2v_status get_prepared(t2v_exec *exec, t2v_operand *operand, const primitive *p,
                               const packed **out)
{
    t2v_status status = T2V_OK;
    if (exec->rehearsal)
        return rehearse_prepared(exec, operand, p, out);
    pthread_mutex_lock(&operand->lock);
    packed *found = find_prepared(operand, p);
    if (!found) {
        const t2v_work work = {.operation = T2V_OPERATION_WEIGHTS};
        const int before = t2v_work_begin(exec, &work);
        status = prepare(exec, operand, p, &found);
        t2v_work_end(exec, before);
    }
    if (status >= 0)
        status = t2v_weights_hold(exec, &found->base);
    pthread_mutex_unlock(&operand->lock);
    *out = found;
    return status;
}

/* ------------------------------------------------------------------ entry points */

/* Runs a primitive whose weights are the operand's. */
static t2v_status run_weighted(t2v_exec *exec, const key *k, t2v_operand *operand, const void *src,
                               const float *bias, void *dst, const packed **prepared)
{
    primitive *p;
    T2V_TRY(get_primitive(exec, k, &p));
    t2v_weights_begin(exec);
    t2v_status status = get_prepared(exec, operand, p, prepared);
    if (status >= 0) {
        void *const handles[4] = {(void *)src, (*prepared)->data, dst, (void *)bias};
        status = execute(exec, p, handles);
    }
    t2v_weights_end(exec);
    return status;
}

t2v_status t2v_onednn_product(t2v_exec *exec, const t2v_product *product, const void *src,
                              t2v_operand *weights, const float *bias, float *dst)
{
    key k;
    const packed *prepared;
    memset(&k, 0, sizeof(k));
    k.kind = PRODUCT;
    k.product.m = product->m;
    k.product.n = product->n;
    k.product.k = product->k;
    k.product.src_stride = product->src_stride;
    k.product.dst_stride = product->dst_stride;
    k.product.bias = product->bias;
    k.product.accumulate = product->accumulate;
    k.product.bf16 = product->bf16;
    k.product.activation = product->activation;
    return run_weighted(exec, &k, weights, src, bias, dst, &prepared);
}

t2v_status t2v_onednn_byte_product(t2v_exec *exec, const t2v_byte_product *product,
                                   const uint8_t *src, t2v_operand *weights, int32_t *dst,
                                   const float **scale, const float **sum)
{
    key k;
    const packed *prepared;
    memset(&k, 0, sizeof(k));
    k.kind = BYTE_PRODUCT;
    k.bytes_product = *product;
    T2V_TRY(run_weighted(exec, &k, weights, src, NULL, dst, &prepared));
    *scale = prepared->scale;
    *sum = prepared->sum;
    return T2V_OK;
}

static void convolution_key(const t2v_convolution *convolution, key *k)
{
    memset(k, 0, sizeof(*k));
    k->convolution.ic = convolution->ic;
    k->convolution.oc = convolution->oc;
    k->convolution.d = convolution->d;
    k->convolution.h = convolution->h;
    k->convolution.w = convolution->w;
    memcpy(k->convolution.kernel, convolution->kernel, sizeof(k->convolution.kernel));
    memcpy(k->convolution.stride, convolution->stride, sizeof(k->convolution.stride));
    k->convolution.pad_top = convolution->pad_top;
    k->convolution.pad_bottom = convolution->pad_bottom;
    k->convolution.pad_left = convolution->pad_left;
    k->convolution.pad_right = convolution->pad_right;
    k->convolution.accumulate = convolution->accumulate;
    k->convolution.bf16 = convolution->bf16;
}

t2v_status t2v_onednn_convolution(t2v_exec *exec, const t2v_convolution *convolution,
                                  const void *src, t2v_operand *weights, const float *bias,
                                  float *dst)
{
    key k;
    const packed *prepared;
    convolution_key(convolution, &k);
    k.kind = CONVOLUTION;
    return run_weighted(exec, &k, weights, src, bias, dst, &prepared);
}

t2v_status t2v_onednn_byte_convolution(t2v_exec *exec, const t2v_convolution *convolution,
                                       const uint8_t *src, t2v_operand *weights, int32_t *dst,
                                       const float **scale, const float **sum)
{
    key k;
    const packed *prepared;
    convolution_key(convolution, &k);
    k.kind = BYTE_CONVOLUTION;
    T2V_TRY(run_weighted(exec, &k, weights, src, NULL, dst, &prepared));
    *scale = prepared->scale;
    *sum = prepared->sum;
    return T2V_OK;
}

/* ------------------------------------------------------------------ the yardstick */

enum { PEAK_SIDE = 4096, PEAK_CHANNELS = 256, PEAK_FRAMES = 4, PEAK_HEIGHT = 64, PEAK_WIDTH = 96 };

struct t2v_peak {
    double operations;
    dnnl_primitive_t handle;
    int count;
    dnnl_exec_arg_t arg[3];
};

static dnnl_status_t describe_peak_product(t2v_onednn *dnn, dnnl_data_type_t left,
                                           dnnl_data_type_t right, dnnl_data_type_t result,
                                           dnnl_primitive_desc_t *pd)
{
    const int64_t dim[2] = {PEAK_SIDE, PEAK_SIDE}, dense[2] = {PEAK_SIDE, 1};
    layout_t src = {0}, weights = {0}, dst = {0};
    dnnl_status_t status = layout_strided_of(&src, left, 2, dim, dense);
    if (!status)
        status = layout_any_of(&weights, right, 2, dim);
    if (!status)
        status = layout_strided_of(&dst, result, 2, dim, dense);
    if (!status)
        status = describe_matmul(pd, dnn->engine, REF(src), REF(weights), NULL, REF(dst), NULL);
    layout_free(&src);
    layout_free(&weights);
    layout_free(&dst);
    return status;
}

static dnnl_status_t describe_peak_convolution(t2v_onednn *dnn, dnnl_primitive_desc_t *pd)
{
    const int64_t from[5] = {1, PEAK_CHANNELS, PEAK_FRAMES + 2, PEAK_HEIGHT, PEAK_WIDTH};
    const int64_t to[5] = {1, PEAK_CHANNELS, PEAK_FRAMES, PEAK_HEIGHT, PEAK_WIDTH};
    const int64_t kernel[5] = {PEAK_CHANNELS, PEAK_CHANNELS, 3, 3, 3};
    const int64_t stride[3] = {1, 1, 1}, pad[3] = {0, 1, 1};
    layout_t src = {0}, weights = {0}, dst = {0};
    dnnl_status_t status = layout_any(&src, 5, from);
    if (!status)
        status = layout_any(&weights, 5, kernel);
    if (!status)
        status = layout_any(&dst, 5, to);
    if (!status)
        status = describe_convolution(pd, dnn->engine, REF(src), REF(weights), NULL, REF(dst),
                                      stride, pad, pad, NULL);
    layout_free(&src);
    layout_free(&weights);
    layout_free(&dst);
    return status;
}

static dnnl_status_t describe_peak(t2v_onednn *dnn, t2v_peak_kind kind, t2v_peak *peak,
                                   dnnl_primitive_desc_t *pd)
{
    const double side = PEAK_SIDE, channels = PEAK_CHANNELS;
    peak->operations = 2 * side * side * side;
    if (kind == T2V_PEAK_PRODUCT)
        return describe_peak_product(dnn, dnnl_f32, dnnl_f32, dnnl_f32, pd);
    if (kind == T2V_PEAK_BF16_PRODUCT)
        return describe_peak_product(dnn, dnnl_bf16, dnnl_bf16, dnnl_f32, pd);
    if (kind == T2V_PEAK_BYTE_PRODUCT)
        return describe_peak_product(dnn, dnnl_u8, dnnl_s8, dnnl_s32, pd);
    peak->operations =
        2 * 27 * channels * channels * (double)(PEAK_FRAMES * PEAK_HEIGHT * PEAK_WIDTH);
    return describe_peak_convolution(dnn, pd);
}

/* Memory of oneDNN's own; its first bytes say nothing about speed but for denormal numbers, of
 * which zeros are none. */
static dnnl_status_t add_peak_memory(t2v_onednn *dnn, t2v_peak *peak, int arg, layout_ref layout)
{
    void *data;
    dnnl_memory_t memory;
    dnnl_status_t status = dnnl_memory_create(&memory, layout, dnn->engine, DNNL_MEMORY_ALLOCATE);
    if (status)
        return status;
    peak->arg[peak->count++] = (dnnl_exec_arg_t){arg, memory};
    status = dnnl_memory_get_data_handle(memory, &data);
    if (!status)
        memset(data, 0, dnnl_memory_desc_get_size(layout));
    return status;
}

static dnnl_status_t make_peak(t2v_onednn *dnn, t2v_peak_kind kind, t2v_peak *peak)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = describe_peak(dnn, kind, peak, &pd);
    if (!status)
        status = dnnl_primitive_create(&peak->handle, pd);
    if (!status)
        status = add_peak_memory(dnn, peak, DNNL_ARG_SRC,
                                 dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0));
    if (!status)
        status = add_peak_memory(dnn, peak, DNNL_ARG_WEIGHTS,
                                 dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    if (!status)
        status = add_peak_memory(dnn, peak, DNNL_ARG_DST,
                                 dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0));
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return status;
}

t2v_status t2v_peak_create(t2v_exec *exec, t2v_peak_kind kind, t2v_peak **out)
{
    *out = NULL;
    if (kind == T2V_PEAK_BF16_PRODUCT && !t2v_onednn_has_bf16())
        return T2V_OK;
    t2v_peak *peak = *out = t2v_calloc(1, sizeof(*peak));
    if (!peak)
        return t2v_fail_memory(exec->error, "a measurement", sizeof(*peak));
    dnnl_status_t status = make_peak(exec->dnn, kind, peak);
    if (!status)
        return T2V_OK;
    t2v_peak_destroy(out);
    return dnn_fail(exec->error, status, "making a measurement");
}

void t2v_peak_destroy(t2v_peak **peak)
{
    if (!*peak)
        return;
    for (int i = 0; i < (*peak)->count; i++)
        dnnl_memory_destroy((*peak)->arg[i].memory);
    if ((*peak)->handle)
        dnnl_primitive_destroy((*peak)->handle);
    t2v_free(*peak);
    *peak = NULL;
}

double t2v_peak_operations(const t2v_peak *peak)
{
    return peak->operations;
}

t2v_status t2v_peak_run(t2v_exec *exec, const t2v_peak *peak)
{
    dnnl_status_t status =
        dnnl_primitive_execute(peak->handle, exec->dnn->stream, peak->count, peak->arg);
    if (!status)
        status = dnnl_stream_wait(exec->dnn->stream);
    return status ? dnn_fail(exec->error, status, "running a measurement") : T2V_OK;
}
