/* Arrays on a CUDA device. Run with the driver of tests/cuda_on_cpu, whose device has ordinary memory, it computes; without a
   driver it checks that the error names what is missing. */
#include "check.h"

enum { M = 70, N = 2100, D = 3, COLUMNS = 2 };
static const char *const ALIASES[] = {"x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)", "g = Pm(3,1)"};
static const char *const FORMULA = "Sum_Reduction(Exp(-g*SqDist(x,y))*b,0)";

typedef struct {
    view views[5];
    rkeops_array inputs[4], output;
    float *data[5];
} problem;

static void fill(problem *p) {
    const int64_t shapes[5][2] = {{M, D}, {N, D}, {N, COLUMNS}, {1, 1}, {M, COLUMNS}};
    for (int k = 0; k < 5; k++) {
        p->data[k] = (float *)random_array(32, shapes[k][0] * shapes[k][1], (uint64_t)k + 1);
        view_float(&p->views[k], p->data[k], 32, shapes[k][0], shapes[k][1]);
    }
    p->views[3].array.rank = 1;
    for (int k = 0; k < 4; k++) p->inputs[k] = p->views[k].array;
    p->output = p->views[4].array;
}

static void place(problem *p, int device_type, int device_id) {
    for (int k = 0; k < 4; k++) p->inputs[k].device_type = device_type, p->inputs[k].device_id = device_id;
    p->output.device_type = device_type, p->output.device_id = device_id;
}

static void release(problem *p) {
    for (int k = 0; k < 5; k++) free(p->data[k]);
}

/* The largest distance from a dense evaluation, relative to the sum of what is added. */
static double distance(const problem *p) {
    double worst = 0;
    for (int i = 0; i < M; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            double sum = 0, size = 0;
            for (int j = 0; j < N; j++) {
                double square = 0;
                for (int k = 0; k < D; k++) {
                    const double difference = (double)p->data[0][i * D + k] - (double)p->data[1][j * D + k];
                    square += difference * difference;
                }
                const double term = exp(-(double)p->data[3][0] * square) * (double)p->data[2][j * COLUMNS + c];
                sum += term, size += fabs(term);
            }
            worst = fmax(worst, fabs(sum - (double)p->data[4][i * COLUMNS + c]) / size);
        }
    }
    return worst;
}

static rkeops_error *run(const rkeops_kernel *kernel, const problem *p, const rkeops_options *options) {
    return rkeops_kernel_run(kernel, p->inputs, 4, &p->output, 1, options);
}

static void clear(problem *p) {
    for (int k = 0; k < M * COLUMNS; k++) p->data[4][k] = 77;
}

/* A kernel of any target computes where its arrays are. */
static void arrays_on_a_device(void) {
    rkeops_kernel *kernel = compile_text(FORMULA, ALIASES, 4, 32);
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    problem p;
    size_t bytes = 1;
    int stream;
    char *memory;
    fill(&p);
    SUCCEEDS(rkeops_kernel_workspace(kernel, p.inputs, 4, &p.output, 1, NULL, &bytes));
    CHECK(bytes == 0);
    place(&p, RKEOPS_DEVICE_CUDA, 0);
    clear(&p);
    SUCCEEDS(run(kernel, &p, NULL));
    CHECK(distance(&p) < 1e-6);
    if (check_short()) {
        release(&p);
        rkeops_kernel_free(kernel);
        return;
    }

    /* The caller's stream and memory. */
    SUCCEEDS(rkeops_kernel_workspace(kernel, p.inputs, 4, &p.output, 1, NULL, &bytes));
    CHECK(bytes > 0 && bytes % 256 == 0);
    memory = (char *)malloc(bytes + 512);
    options.workspace = memory + (256 - (size_t)memory % 256);
    options.workspace_bytes = bytes;
    options.stream = &stream;
    memset(memory, 0xff, bytes + 512);
    clear(&p);
    SUCCEEDS(run(kernel, &p, &options));
    CHECK(distance(&p) < 1e-6);
    CHECK((unsigned char)((char *)options.workspace)[bytes] == 0xff);
    options.device = RKEOPS_ALL_DEVICES;
    FAILS(run(kernel, &p, &options), RKEOPS_ERROR_ARGUMENT, "options->device is RKEOPS_ALL_DEVICES, but the arrays are on CUDA device 0");
    options.device = 0;
    options.workspace_bytes = bytes - 1;
    FAILS(run(kernel, &p, &options), RKEOPS_ERROR_SIZE, "the workspace has");
    options.workspace = (char *)options.workspace + 8;
    FAILS(run(kernel, &p, &options), RKEOPS_ERROR_ARGUMENT, "no multiple of 256");

    /* What does not fit together. */
    p.inputs[2].device_id = 1;
    FAILS(run(kernel, &p, NULL), RKEOPS_ERROR_DEVICE,
          "input 2 (j-variable of dimension 2): it is on CUDA device 1, but input 0 (i-variable of dimension 3) is on CUDA device 0");
    place(&p, RKEOPS_DEVICE_CUDA, 9);
    FAILS(run(kernel, &p, NULL), RKEOPS_ERROR_DEVICE, "there is no CUDA device 9; this machine has");
    place(&p, RKEOPS_DEVICE_CUDA, -1);
    FAILS(run(kernel, &p, NULL), RKEOPS_ERROR_DEVICE, "device_id is -1");
    place(&p, RKEOPS_DEVICE_CUDA, 0);
    p.views[1].shape[1] = 4;
    FAILS(run(kernel, &p, NULL), RKEOPS_ERROR_SHAPE, "input 1 (j-variable of dimension 3) has shape [2100, 4]; expected 3 columns");
    release(&p);
    free(memory);
    rkeops_kernel_free(kernel);
}

/* A kernel for devices takes arrays in ordinary memory too. */
static void arrays_in_memory(void) {
    rkeops_reduction *reduction = parse_reduction(FORMULA, ALIASES, 4);
    const rkeops_reduction *list = reduction;
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    rkeops_kernel *kernel = NULL;
    rkeops_text *text = NULL;
    problem p;
    options.target = RKEOPS_TARGET_CUDA;
    SUCCEEDS(rkeops_kernel_compile(&list, 1, &options, &kernel));
    SUCCEEDS(rkeops_kernel_explain(kernel, &text));
    CHECK(strstr(rkeops_text_data(text), "reduce(") != NULL);
    rkeops_text_free(text);
    fill(&p);
    clear(&p);
    SUCCEEDS(run(kernel, &p, &options));
    CHECK(distance(&p) < 1e-6);
    options.device = 1;
    clear(&p);
    SUCCEEDS(run(kernel, &p, &options));
    CHECK(distance(&p) < 1e-6);
    options.device = RKEOPS_ALL_DEVICES;
    clear(&p);
    SUCCEEDS(run(kernel, &p, &options));
    CHECK(distance(&p) < 1e-6);
    options.device = 12;
    FAILS(run(kernel, &p, &options), RKEOPS_ERROR_DEVICE, "there is no CUDA device 12");
    options.device = -3;
    FAILS(run(kernel, &p, &options), RKEOPS_ERROR_ARGUMENT, "options->device is -3");
    release(&p);
    rkeops_kernel_free(kernel);
    rkeops_reduction_free(reduction);
}

/* The distance of a matrix product over WIDE components from the exact one, relative to its size. */
enum { WIDE = 64, ROWS = 70, REDUCED = 90 };
static double distance_of_product(int32_t allow_tf32) {
    static const char *const aliases[] = {"x = Vi(0,64)", "y = Vj(1,64)"};
    rkeops_reduction *reduction = parse_reduction("Sum_Reduction(x|y,0)", aliases, 2);
    const rkeops_reduction *list = reduction;
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    rkeops_kernel *kernel = NULL;
    float *x = (float *)random_array(32, ROWS * WIDE, 1), *y = (float *)random_array(32, REDUCED * WIDE, 2), out[ROWS];
    view views[3];
    double wrong = 0, size = 0;
    view_float(&views[0], x, 32, ROWS, WIDE);
    view_float(&views[1], y, 32, REDUCED, WIDE);
    view_float(&views[2], out, 32, ROWS, 1);
    const rkeops_array inputs[2] = {views[0].array, views[1].array};
    options.target = RKEOPS_TARGET_CUDA, options.allow_tf32 = allow_tf32;
    SUCCEEDS(rkeops_kernel_compile(&list, 1, &options, &kernel));
    SUCCEEDS(rkeops_kernel_run(kernel, inputs, 2, &views[2].array, 1, NULL));
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < REDUCED; j++) {
            for (int k = 0; k < WIDE; k++) sum += (double)x[i * WIDE + k] * (double)y[j * WIDE + k];
        }
        wrong += ((double)out[i] - sum) * ((double)out[i] - sum), size += sum * sum;
    }
    free(x), free(y);
    rkeops_kernel_free(kernel);
    rkeops_reduction_free(reduction);
    return sqrt(wrong / size);
}

/* Factors are rounded where that is allowed, and only there. */
static void rounded_factors(void) {
    const double exact = distance_of_product(0), rounded = distance_of_product(1);
    CHECK(exact < 1e-6);
    CHECK(rounded > 1e-5 && rounded < 1e-2);
}

/* Without a driver, or without a device, everything else works and an error says what is missing. */
static void nothing_there(const char *what) {
    rkeops_reduction *reduction = parse_reduction(FORMULA, ALIASES, 4);
    const rkeops_reduction *list = reduction;
    rkeops_options options = RKEOPS_OPTIONS_INIT;
    rkeops_kernel *kernel = compile_text(FORMULA, ALIASES, 4, 32), *none = NULL;
    problem p;
    fill(&p);
    SUCCEEDS(run(kernel, &p, NULL));
    place(&p, RKEOPS_DEVICE_CUDA, 0);
    FAILS(run(kernel, &p, NULL), RKEOPS_ERROR_DEVICE, what);
    options.target = RKEOPS_TARGET_CUDA;
    FAILS(rkeops_kernel_compile(&list, 1, &options, &none), RKEOPS_ERROR_DEVICE, what);
    CHECK(none == NULL);
    release(&p);
    rkeops_kernel_free(kernel);
    rkeops_reduction_free(reduction);
}

int main(void) {
    rkeops_text *doctor = NULL;
    const char *missing;
    SUCCEEDS(rkeops_doctor(&doctor));
    missing = strstr(rkeops_text_data(doctor), "gpu: none: ");
    if (missing == NULL) {
        CHECK(strstr(rkeops_text_data(doctor), "gpu 0: ") != NULL);
        CHECK(strstr(rkeops_text_data(doctor), "NVRTC: ") != NULL);
        arrays_on_a_device();
        if (!check_short()) {
            arrays_in_memory();
            rounded_factors();
        }
    } else if (strstr(missing, "finds no device") != NULL) {
        nothing_there("device");
    } else {
        nothing_there("the CUDA driver (libcuda) was not found");
    }
    rkeops_text_free(doctor);
    return check_report("devices");
}
