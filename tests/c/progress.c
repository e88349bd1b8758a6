/* Progress and cancelling: honest numbers, on the calling thread, and a stop that is a stop. */
#include "check.h"

#include <pthread.h>
#include <time.h>

static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"};

typedef struct {
    pthread_t thread;
    uint64_t calls, last, total, stop_at_call;
    int disorder, elsewhere;
    rkeops_kernel *nested;
} watch;

static rkeops_error *run_square(rkeops_kernel *kernel, int64_t n, const rkeops_options *options) {
    void *x = random_array(32, 3 * n, 41), *b = random_array(32, n, 42), *out = random_array(32, n, 43);
    view views[4];
    rkeops_array inputs[3];
    rkeops_error *error;
    view_float(&views[0], x, 32, n, 3);
    view_float(&views[1], b, 32, n, 1);
    view_float(&views[2], out, 32, n, 1);
    inputs[0] = inputs[1] = views[0].array;
    inputs[2] = views[1].array;
    error = rkeops_kernel_run(kernel, inputs, 3, &views[2].array, 1, options);
    free(x), free(b), free(out);
    return error;
}

static int32_t watching(uint64_t done, uint64_t total, void *user) {
    watch *w = (watch *)user;
    w->calls++;
    if (done < w->last || done > total || (w->total != 0 && total != w->total)) w->disorder = 1;
    if (!pthread_equal(w->thread, pthread_self())) w->elsewhere = 1;
    w->last = done, w->total = total;
    if (w->nested != NULL) {
        rkeops_kernel *kernel = w->nested;
        w->nested = NULL;
        SUCCEEDS(run_square(kernel, 50, NULL));
    }
    return w->stop_at_call != 0 && w->calls >= w->stop_at_call;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(void) {
    const int64_t n = check_short() ? 2000 : 20000, many = check_short() ? 100000 : 400000;
    rkeops_kernel *kernel = compile_text("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", ALIASES, 3, 32);
    for (int threads = 1; threads <= 4; threads++) {
        watch w;
        double start;
        rkeops_options options = RKEOPS_OPTIONS_INIT;
        memset(&w, 0, sizeof w);
        w.thread = pthread_self();
        options.threads = threads;
        options.progress = watching;
        options.progress_user = &w;
        w.nested = kernel;
        SUCCEEDS(run_square(kernel, n, &options));
        CHECK(w.calls > 0 && !w.disorder && !w.elsewhere);
        CHECK(w.total == (uint64_t)n * (uint64_t)n);
        CHECK(w.last == w.total);

        /* The whole of this one would take minutes. */
        memset(&w, 0, sizeof w);
        w.thread = pthread_self();
        w.stop_at_call = 1;
        start = seconds();
        FAILS(run_square(kernel, many, &options), RKEOPS_ERROR_CANCELLED, "progress");
        CHECK(seconds() - start < (check_short() ? 60 : 5));
        CHECK(w.calls == 1 && w.last < w.total && !w.disorder && !w.elsewhere);
        SUCCEEDS(run_square(kernel, 100, NULL));
    }
    rkeops_kernel_free(kernel);
    return check_report("progress");
}
