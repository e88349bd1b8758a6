/* A forked child goes on using handles, compiles, and runs on threads of its own; also when it was forked while
 * another thread of the parent was in the library: running, or compiling what the child wants too. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 3000 };
static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"};
static float points[3 * ROWS], weights[ROWS], expected[ROWS];
static int64_t rows = ROWS; /* enough for a run to use several threads */
static volatile int stop = 0, formula_number = 0;

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

/* One formula after the other that nobody has compiled; long ones, so that a fork is likely to interrupt it. */
static rkeops_error *compile_long(int number, rkeops_kernel **kernel) {
    enum { TERMS = 150 };
    static const char *const aliases[] = {"x = Vi(0,1)", "y = Vj(1,1)"};
    char text[64 + 24 * TERMS];
    rkeops_reduction *reduction = NULL;
    rkeops_error *error;
    int length = snprintf(text, sizeof text, "Sum_Reduction(x*%d", number);
    for (int k = 0; k < TERMS; k++) length += snprintf(text + length, 24, "+Sin(%d*x*y)", number + k);
    snprintf(text + length, sizeof text - (size_t)length, ",0)");
    error = rkeops_reduction_parse(text, aliases, 2, &reduction);
    if (error == NULL) error = rkeops_kernel_compile((const rkeops_reduction *const *)&reduction, 1, NULL, kernel);
    rkeops_reduction_free(reduction);
    return error;
}

static void *compile_all_the_time(void *user) {
    while (!stop) {
        rkeops_kernel *kernel = NULL;
        rkeops_error *error = compile_long(++formula_number, &kernel);
        rkeops_kernel_free(kernel);
        if (error != NULL) {
            rkeops_error_free(error);
            return user;
        }
    }
    return NULL;
}

/* The child wants the formula that the thread is at, and those beside it. */
static int child_compiles(void) {
    const int number = formula_number;
    alarm(check_short() ? 300 : 20);
    for (int k = -1; k <= 1; k++) {
        rkeops_kernel *kernel = NULL;
        if (number + k > 0 && compile_long(number + k, &kernel) != NULL) return 1;
        rkeops_kernel_free(kernel);
    }
    return 0;
}

static void fork_while_compiling(int rounds) {
    const struct timespec pause = {0, 3000000};
    pthread_t thread;
    void *failed = NULL;
    stop = 0;
    CHECK(pthread_create(&thread, NULL, compile_all_the_time, (void *)ALIASES) == 0);
    for (int round = 0; round < rounds; round++) {
        int status = 1;
        pid_t pid;
        nanosleep(&pause, NULL);
        pid = fork();
        if (pid == 0) _exit(child_compiles());
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        CHECK(status == 0);
        if (status != 0) break; /* each of the others might hang as long */
    }
    stop = 1;
    CHECK(pthread_join(thread, &failed) == 0 && failed == NULL);
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
    fork_while_compiling(rounds);
#else
    (void)busy, (void)fork_while_compiling, (void)thread, (void)failed, (void)rounds;
#endif
    CHECK(run_and_compare(kernel, out, expected));
    rkeops_kernel_free(kernel);
    return check_report("fork");
}
