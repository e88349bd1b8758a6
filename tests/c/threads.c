/* 16 threads share handles: first use of a formula at the same moment, runs of one kernel at once, references
 * taken and dropped, errors made and freed. Every result is compared bit for bit. */
#include "check.h"

#include <pthread.h>

enum { THREADS = 16, ROWS = 1500 }; /* enough rows for a run to use several threads */
static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"};
static float points[3 * ROWS], weights[ROWS];
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_open = PTHREAD_COND_INITIALIZER;
static int gate_count = 0, gate_turn = 0, rounds = 20, uses = 3;
static rkeops_reduction *shared_reduction = NULL;
static rkeops_kernel *shared_kernel = NULL;
static float first_result[ROWS];
static int first_filled = 0;

/* All threads wait here until the last one comes: pthread_barrier is not everywhere. */
static void gate(void) {
    pthread_mutex_lock(&gate_lock);
    if (++gate_count == THREADS) {
        gate_count = 0;
        gate_turn++;
        pthread_cond_broadcast(&gate_open);
    } else {
        const int turn = gate_turn;
        while (turn == gate_turn) pthread_cond_wait(&gate_open, &gate_lock);
    }
    pthread_mutex_unlock(&gate_lock);
}

static int run(rkeops_kernel *kernel, float *out, int threads) {
    view views[3];
    rkeops_array inputs[3];
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    rkeops_error *error;
    options.threads = threads;
    view_float(&views[0], points, 32, ROWS, 3);
    view_float(&views[1], weights, 32, ROWS, 1);
    view_float(&views[2], out, 32, ROWS, 1);
    inputs[0] = inputs[1] = views[0].array;
    inputs[2] = views[1].array;
    error = rkeops_kernel_run(kernel, inputs, 3, &views[2].array, 1, &options);
    if (error != NULL) fprintf(stderr, "threads: %s\n", rkeops_error_message(error));
    rkeops_error_free(error);
    return error == NULL;
}

static int compare(const float *out) {
    int same = 1;
    pthread_mutex_lock(&gate_lock);
    if (!first_filled) memcpy(first_result, out, sizeof first_result), first_filled = 1;
    else same = memcmp(first_result, out, sizeof first_result) == 0;
    pthread_mutex_unlock(&gate_lock);
    return same;
}

typedef struct {
    int number, failures;
} worker;

static void *work(void *user) {
    worker *w = (worker *)user;
    for (int round = 0; round < rounds; round++) {
        float out[ROWS];
        char text[80];
        rkeops_reduction *reduction = NULL;
        rkeops_kernel *kernel = NULL;
        rkeops_formula *wrong = NULL;
        rkeops_error *error;
        /* A formula that nobody has compiled, by all threads at the same moment. */
        if (w->number == 0) {
            first_filled = 0;
            snprintf(text, sizeof text, "Sum_Reduction(Exp(-SqDist(x,y)*%d)*b,0)", round + 1);
            w->failures += rkeops_reduction_parse(text, ALIASES, 3, &shared_reduction) != NULL;
        }
        gate();
        error = rkeops_kernel_compile((const rkeops_reduction *const *)&shared_reduction, 1, NULL, &kernel);
        if (error != NULL) fprintf(stderr, "threads: %s\n", rkeops_error_message(error));
        w->failures += error != NULL;
        rkeops_error_free(error);
        w->failures += !run(kernel, out, 1 + w->number % 3);
        w->failures += !compare(out);
        gate();
        /* One handle for all: the one of a thread that changes from round to round. */
        if (w->number == round % THREADS) shared_kernel = kernel;
        gate();
        for (int k = 0; k < uses; k++) {
            rkeops_kernel *mine = shared_kernel;
            w->failures += rkeops_kernel_retain(mine) != NULL;
            w->failures += !run(mine, out, 1 + (w->number + k) % 4);
            w->failures += !compare(out);
            rkeops_kernel_free(mine);
            error = rkeops_formula_parse("Exp(x", ALIASES, 3, &wrong);
            w->failures += rkeops_error_code(error) != RKEOPS_ERROR_SYNTAX || wrong != NULL;
            rkeops_error_free(error);
        }
        gate();
        rkeops_kernel_free(kernel);
        if (w->number == 0) {
            rkeops_reduction_free(reduction);
            rkeops_reduction_free(shared_reduction);
        }
        gate();
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    worker workers[THREADS];
    uint64_t seed = 61;
    if (check_short()) rounds = uses = 1;
    for (int k = 0; k < 3 * ROWS; k++) points[k] = (float)random_number(&seed);
    for (int k = 0; k < ROWS; k++) weights[k] = (float)random_number(&seed);
    for (int k = 0; k < THREADS; k++) {
        workers[k].number = k, workers[k].failures = 0;
        CHECK(pthread_create(&threads[k], NULL, work, &workers[k]) == 0);
    }
    for (int k = 0; k < THREADS; k++) {
        CHECK(pthread_join(threads[k], NULL) == 0);
        CHECK(workers[k].failures == 0);
    }
    return check_report("threads");
}
