/* A forked child goes on using handles, compiles, and runs on threads of its own; also when it was forked while
 * another thread of the parent was in the library. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 3000 };
static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"};
static float points[3 * ROWS], weights[ROWS], expected[ROWS];
static int64_t rows = ROWS; /* enough for a run to use several threads */
static volatile int stop = 0;

static int run_and_compare(rkeops_kernel *kernel, float *out, const float *right) {
    view views[3];
    rkeops_array inputs[3];
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    rkeops_error *error;
    options.threads = 3;
    view_float(&views[0], points, 32, rows, 3);
    view_float(&views[1], weights, 32, rows, 1);
    view_float(&views[2], out, 32, rows, 1);
    inputs[0] = inputs[1] = views[0].array;
    inputs[2] = views[1].array;
    error = rkeops_kernel_run(kernel, inputs, 3, &views[2].array, 1, &options);
    if (error != NULL) {
        fprintf(stderr, "fork: %s\n", rkeops_error_message(error));
        rkeops_error_free(error);
        return 0;
    }
    return right == NULL || memcmp(out, right, (size_t)rows * sizeof *out) == 0;
}

/* The child's exit code is 0 if all went well; a child that hangs is killed by its alarm. */
static int child(rkeops_kernel *kernel, int round, int depth) {
    static float out[ROWS];
    char text[64];
    rkeops_reduction *reduction = NULL;
    rkeops_kernel *fresh = NULL;
    int good;
    alarm(check_short() ? 300 : 20);
    good = run_and_compare(kernel, out, expected);
    snprintf(text, sizeof text, "Sum_Reduction(Exp(-SqDist(x,y)*%d)*b,0)", 2 + round + 100 * depth);
    good = good && rkeops_reduction_parse(text, ALIASES, 3, &reduction) == NULL;
    good = good && rkeops_kernel_compile((const rkeops_reduction *const *)&reduction, 1, NULL, &fresh) == NULL;
    good = good && run_and_compare(fresh, out, NULL);
    rkeops_reduction_free(reduction);
    rkeops_kernel_free(fresh);
    if (good && depth > 0) {
        int status = 1;
        const pid_t pid = fork();
        if (pid == 0) _exit(child(kernel, round, depth - 1));
        good = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    }
    return good ? 0 : 1;
}

static void fork_and_check(rkeops_kernel *kernel, int round, int depth) {
    int status = 1;
    const pid_t pid = fork();
    if (pid == 0) _exit(child(kernel, round, depth));
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
}

static void *busy(void *user) {
    static float out[ROWS];
    while (!stop) {
        if (!run_and_compare((rkeops_kernel *)user, out, expected)) return user;
    }
    return NULL;
}

int main(void) {
    static float out[ROWS];
    uint64_t seed = 51;
    const int rounds = check_short() ? 2 : 12;
    rkeops_kernel *kernel = compile_text("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", ALIASES, 3, 32);
    pthread_t thread;
    void *failed = NULL;
    if (check_short()) rows = 1500;
    for (int k = 0; k < 3 * ROWS; k++) points[k] = (float)random_number(&seed);
    for (int k = 0; k < ROWS; k++) weights[k] = (float)random_number(&seed);
    CHECK(run_and_compare(kernel, expected, NULL));
    fork_and_check(kernel, 0, 2);
    CHECK(run_and_compare(kernel, out, expected));
#ifndef __SANITIZE_ADDRESS__ /* its allocator may be locked for ever in a child that was forked at such a moment */
    CHECK(pthread_create(&thread, NULL, busy, kernel) == 0);
    for (int round = 1; round <= rounds; round++) fork_and_check(kernel, round, round % 2);
    stop = 1;
    CHECK(pthread_join(thread, &failed) == 0 && failed == NULL);
#else
    (void)busy, (void)thread, (void)failed, (void)rounds;
#endif
    CHECK(run_and_compare(kernel, out, expected));
    rkeops_kernel_free(kernel);
    return check_report("fork");
}
