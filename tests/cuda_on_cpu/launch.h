// Launches a kernel of the source that is included before.

namespace {

template <void (*kernel)(const Job)>
struct Launch {
    static Job job;
    static void run() { kernel(job); }

#ifdef RKEOPS_THREADS
    static void block(unsigned threads, bool) {
        std::barrier<> all(threads);
        rkeops_all = &all;
        std::vector<std::thread> running;
        for (unsigned k = 0; k < threads; ++k) {
            running.emplace_back([k] {
                threadIdx.x = k;
                run();
                rkeops_all->arrive_and_drop();
            });
        }
        for (std::thread& thread : running) thread.join();
    }
#else
    static void fibre() {
        for (;;) {
            run();
            rkeops_fibres[rkeops_current].is_done = true;
            rkeops_barrier();
        }
    }

    static void go_on(unsigned k) {
        Fibre& own = rkeops_fibres[k];
        rkeops_current = k, threadIdx.x = k;
        if (_setjmp(rkeops_main)) return;
        if (own.has_begun) _longjmp(own.at, 1);
        own.has_begun = true;
        setcontext(&own.context);
    }

    static void block(unsigned threads, bool has_barriers) {
        if (!has_barriers) {
            for (unsigned k = 0; k < threads; ++k) threadIdx.x = k, run();
            return;
        }
        static Fibre* fibres;
        if (!fibres) {
            const size_t stack = 256 << 10;
            fibres = new Fibre[threads]();
            for (unsigned k = 0; k < threads; ++k) {
                getcontext(&fibres[k].context);
                fibres[k].context.uc_stack.ss_sp = std::malloc(stack);
                fibres[k].context.uc_stack.ss_size = stack;
                makecontext(&fibres[k].context, &fibre, 0);
            }
        }
        rkeops_fibres = fibres;
        for (unsigned k = 0; k < threads; ++k) fibres[k].is_done = false;
        for (unsigned ended = 0; ended < threads;) {
            // All reach a barrier or their end: some of both would wait for ever on a device.
            ended = 0;
            for (unsigned k = 0; k < threads; ++k) go_on(k), ended += fibres[k].is_done;
            if (ended != 0 && ended != threads) std::fputs("a barrier is not reached by all threads\n", stderr), std::abort();
        }
    }
#endif

    static void all(const void* words, const unsigned blocks[3], unsigned threads, bool has_barriers) {
        std::memcpy(&job, words, sizeof job);
        for (blockIdx.z = 0; blockIdx.z < blocks[2]; ++blockIdx.z) {
            for (blockIdx.y = 0; blockIdx.y < blocks[1]; ++blockIdx.y) {
                for (blockIdx.x = 0; blockIdx.x < blocks[0]; ++blockIdx.x) block(threads, has_barriers);
            }
        }
    }
};
template <void (*kernel)(const Job)>
Job Launch<kernel>::job;

}  // namespace

extern "C" const size_t rkeops_job_bytes = sizeof(Job);

extern "C" void rkeops_launch(const char* name, const void* words, const unsigned* blocks, unsigned threads) {
    if (!std::strcmp(name, "prepare_call")) Launch<prepare_call>::all(words, blocks, threads, false);
    if (!std::strcmp(name, "prepare")) Launch<prepare>::all(words, blocks, threads, false);
#if PRODUCTS > 0 || COLUMNS > 0
    if (!std::strcmp(name, "centre")) Launch<centre>::all(words, blocks, threads, false);
    if (!std::strcmp(name, "factors")) Launch<factors>::all(words, blocks, threads, false);
#endif
    if (!std::strcmp(name, "reduce")) Launch<reduce>::all(words, blocks, threads, true);
    if (!std::strcmp(name, "merge_lanes")) Launch<merge_lanes>::all(words, blocks, threads, true);
    if (!std::strcmp(name, "merge")) Launch<merge>::all(words, blocks, threads, true);
}
