/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ranks.h"

#include <limits.h>
#include <stdlib.h>

#include "command.h"

/* How many processes the launcher of Open MPI, or one that speaks PMI, says that it has started;
 * 0: none has. PMIx does not tell: more than one. */
static int launched(void)
{
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *size = getenv(sizes[i]);
        if (size)
            return atoi(size);
    }
    return getenv("PMIX_RANK") ? INT_MAX : 0;
}

#ifdef HAVE_MPI
#include <mpi.h>

/* MPI counts in int. */
static const size_t PIECE = (size_t)1 << 30;

static int piece_bytes(size_t bytes, size_t at)
{
    return at >= bytes ? 0 : (int)(bytes - at < PIECE ? bytes - at : PIECE);
}

/* What does not fit into one message goes as several; the other side counts them likewise, in each
 * direction by itself. */
static int exchange(void *opaque, int to, const void *out, size_t out_bytes, int from, void *in,
                    size_t in_bytes)
{
    size_t sent = 0, received = 0;
    (void)opaque;
    do {
        const int send = piece_bytes(out_bytes, sent), receive = piece_bytes(in_bytes, received);
        const bool sends = sent == 0 || send, receives = received == 0 || receive;
        if (MPI_Sendrecv((const char *)out + sent, send, MPI_BYTE, sends ? to : MPI_PROC_NULL, 0,
                         (char *)in + received, receive, MPI_BYTE, receives ? from : MPI_PROC_NULL,
                         0, MPI_COMM_WORLD, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            return -1;
        sent += sends ? PIECE : 0;
        received += receives ? PIECE : 0;
    } while (sent < out_bytes || received < in_bytes);
    return 0;
}

bool ranks_join(const t2v_ranks **ranks)
{
    static t2v_ranks world = {.exchange = exchange};
    int provided;
    *ranks = NULL;
    if (!launched())
        return true;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    if (provided < MPI_THREAD_SERIALIZED) { /* the engine's thread is not the one that joins */
        complain("this MPI serves no other thread than the first");
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILED);
        return false;
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &world.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world.count);
    *ranks = &world;
    return true;
}

int ranks_leave(const t2v_ranks *ranks, int code, bool whole)
{
    if (ranks && (code != EXIT_DONE || !whole))
        MPI_Abort(MPI_COMM_WORLD, code);
    else if (ranks)
        MPI_Finalize();
    return code;
}

#else

bool ranks_join(const t2v_ranks **ranks)
{
    *ranks = NULL;
    if (launched() <= 1)
        return true;
    complain("mpirun started this, but it was built without MPI; configure --with-mpi");
    return false;
}

int ranks_leave(const t2v_ranks *ranks, int code, bool whole)
{
    (void)ranks, (void)whole;
    return code;
}

#endif
