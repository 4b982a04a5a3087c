/*
 * bench/ranks: what messages between ranks cost here, and both ways of an exchange, beside the
 * arithmetic that every rank does for a step.  Started by mpirun; bench/scaling.py reads its lines.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/text.h"
#include "train/ranks/exchange.h"
#include "train/ranks/ranks.h"

enum {
    LATENCY_NBYTES = 64,
    BANDWIDTH_NBYTES = 4 << 20,
    ADDED_VALUES = 7856, /* of a gradient that stays in cache */
    NUM_REPEATS = 100,
};

/* Linear models: two classes of 28x28; ten of 28x28, of 48x48, of 128x128; a hundred of 128x128. */
static const size_t parameter_counts[] = {800, 7856, 23056, 163856, 1638512};

typedef void work_function(void *context);

/* Seconds of a call, all ranks calling as often: the best repeat, of about 2 ms each, which other
 * work on the machine disturbed least. */
static double time_calls(struct ranks *ranks, work_function *work, void *context)
{
    double best = INFINITY, start = progress_seconds(), once;
    uint64_t num_calls;

    for (int i = 0; i < 4; i++)
        work(context);
    once = (progress_seconds() - start) / 4;
    num_calls = ranks_max(ranks, (uint64_t)(0.002 / once) + 1);
    for (int i = 0; i < NUM_REPEATS; i++) {
        ranks_max(ranks, 0); /* all start together */
        start = progress_seconds();
        for (uint64_t k = 0; k < num_calls; k++)
            work(context);
        best = fmin(best, (progress_seconds() - start) / (double)num_calls);
    }
    return best;
}

static void print(const struct ranks *ranks, const char *name, double value, const char *unit)
{
    if (ranks->index == 0)
        printf("%-36s %12.6g %s\n", name, value, unit);
}

/* ---- messages ---- */

struct ring {
    struct ranks *ranks;
    unsigned char *send, *receive;
    size_t nbytes;
};

/* Each sends to the next and receives from the one before: a round of ranks_gather_all. */
static void call_ring(void *context)
{
    const struct ring *ring = context;
    struct ranks *ranks = ring->ranks;
    struct ranks_message to = {(ranks->index + 1) % ranks->count, ring->send, ring->nbytes};
    struct ranks_message from = {(ranks->index + ranks->count - 1) % ranks->count, ring->receive,
                                 ring->nbytes};

    ranks_start(ranks, RANKS_STEPS, &from, 1, &to, 1);
    ranks_finish(ranks, RANKS_STEPS);
}

static bool measure_messages(struct ranks *ranks, struct error *error)
{
    struct ring ring = {.ranks = ranks, .nbytes = LATENCY_NBYTES};
    bool ok = memory_allocate(&ring.send, BANDWIDTH_NBYTES, 1, error);
    double seconds;

    if (ok)
        ok = memory_allocate(&ring.receive, BANDWIDTH_NBYTES, 1, error);
    ok = ranks_agree(ranks, error);
    if (ok) {
        print(ranks, "round", time_calls(ranks, call_ring, &ring) * 1e6, "us");
        ring.nbytes = BANDWIDTH_NBYTES;
        seconds = time_calls(ranks, call_ring, &ring);
        print(ranks, "bandwidth", BANDWIDTH_NBYTES / seconds / 1e9, "GB/s");
    }
    free(ring.send);
    free(ring.receive);
    return ok;
}

/* ---- exchanges ---- */

struct step {
    struct exchange exchange;
    size_t num_slices;
    float *slice_grads[1];
    float *parameters;
    double losses[1];
};

/* All that a step does after its slices, on one thread. */
static void call_step(void *context)
{
    struct step *step = context;
    struct exchange *exchange = &step->exchange;
    size_t begin, end;
    float *grad;

    exchange_pack(exchange, step->num_slices, step->slice_grads, 0, exchange->num_parameters);
    exchange_run(exchange, step->num_slices, step->losses, (struct rank_request){0});
    exchange_part(exchange, &begin, &end);
    grad = exchange_finish(exchange, step->num_slices, begin, end);
    exchange->kernels->sgd_step(step->parameters + begin, NULL, grad, 0.0f, 0, 0, 0, end - begin);
    exchange_gather_parts(exchange, RANKS_STEPS, step->parameters);
}

/* One slice a rank. */
static bool measure_step(struct ranks *ranks, const struct kernels *kernels, size_t num_parameters,
                         bool is_gathered, struct error *error)
{
    struct step step = {.num_slices = ranks->count};
    const size_t num_slices[2] = {ranks->count, ranks->count};
    bool ok = exchange_create(&step.exchange, ranks, kernels, num_parameters, 16, num_slices,
                              is_gathered ? SIZE_MAX : 0, error);

    if (ok)
        ok = memory_allocate(&step.slice_grads[0], num_parameters, sizeof(float), error);
    if (ok)
        ok = memory_allocate(&step.parameters, num_parameters, sizeof(float), error);
    ok = ranks_agree(ranks, error);
    if (ok)
        print(ranks,
              TEXT("exchange/%s/%zu", is_gathered ? "gathered" : "scattered", num_parameters),
              time_calls(ranks, call_step, &step) * 1e6, "us");
    exchange_destroy(&step.exchange);
    free(step.slice_grads[0]);
    free(step.parameters);
    return ok;
}

/* ---- arithmetic ---- */

struct arithmetic {
    const struct kernels *kernels;
    float *a, *b;
};

static void call_add(void *context)
{
    struct arithmetic *arithmetic = context;

    arithmetic->kernels->add(arithmetic->a, arithmetic->b, 0, ADDED_VALUES);
}

static bool measure_arithmetic(struct ranks *ranks, const struct kernels *kernels,
                               struct error *error)
{
    struct arithmetic arithmetic = {.kernels = kernels};
    bool ok = memory_allocate(&arithmetic.a, ADDED_VALUES, sizeof(float), error);

    if (ok)
        ok = memory_allocate(&arithmetic.b, ADDED_VALUES, sizeof(float), error);
    ok = ranks_agree(ranks, error);
    if (ok)
        print(ranks, "add", time_calls(ranks, call_add, &arithmetic) / ADDED_VALUES * 1e9,
              "ns/value");
    free(arithmetic.a);
    free(arithmetic.b);
    return ok;
}

static bool measure_all(struct ranks *ranks, struct error *error)
{
    const struct kernels *kernels;
    bool ok = kernels_choose(&kernels, error);

    ok = ranks_agree(ranks, error);
    print(ranks, "ranks", (double)ranks->count, "");
    if (ok)
        ok = measure_arithmetic(ranks, kernels, error);
    if (ok && ranks->count > 1)
        ok = measure_messages(ranks, error);
    for (size_t i = 0; i < sizeof(parameter_counts) / sizeof(parameter_counts[0]); i++)
        for (int is_gathered = 1; is_gathered >= 0 && ok; is_gathered--)
            ok = measure_step(ranks, kernels, parameter_counts[i], is_gathered, error);
    return ok;
}

int main(int argc, char **argv)
{
    struct program program = {
        .name = "bench/ranks",
        .usage = "",
        .summary = "Measures messages between ranks, and the exchange of gradients of several\n"
                   "sizes in both ways.  Start it with mpirun -n RANKS.",
    };
    struct launcher launcher = launcher_read();
    struct ranks ranks = {.count = 1};
    struct error error = {0};
    bool done = false;
    int first, exit_status;
    bool ok = options_parse(&program, argc, argv, &first, &done, &error);

    if (ok && !done)
        ok = ranks_begin(&ranks, program.name, &error);
    if (ok && !done)
        ok = measure_all(&ranks, &error);
    exit_status =
        launcher.rank == 0 ? options_exit_status(program.name, &error) : (int)error.status;
    ranks_end(&ranks);
    return exit_status;
}
