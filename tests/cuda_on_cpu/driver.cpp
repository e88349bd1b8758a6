// A CUDA driver whose only device is the processor, for tests without a GPU: the functions that the library calls, with the
// addresses of ordinary memory. Kernels are shared libraries that `nvrtc.cpp` makes of their source.
//
// What is queued on a stream that was made here is done when somebody has to wait for it, and no earlier: so what nobody waits for
// is found. Copies of ordinary memory wait for what is before them on their stream; those to a device have read it then, and write
// when somebody waits. CUDA_ON_CPU_DEVICES says how many
// devices there are, and CUDA_ON_CPU_BYTES how much memory each has.

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, NOT_FOUND = 500 };

// Bytes behind each allocation that nobody may change, and what memory holds before anything is written: NaN in every format.
const size_t guard = 256;
const int unwritten = 0xff;

typedef void (*Launch)(const char*, const void*, const unsigned*, unsigned);

// A library is loaded once, and kernels have memory that is static.
struct Module {
    Launch launch;
    size_t job_bytes;
    std::mutex running;
    std::map<std::string, struct Function*> functions;
};

struct Function {
    Module* module;
    std::string name;
};

// What is queued on a stream, and how much of it has been done.
struct Queue {
    std::recursive_mutex running;
    std::deque<std::function<void()>> waiting;
    size_t queued = 0, done = 0;

    void add(std::function<void()> work) {
        std::lock_guard<std::recursive_mutex> held(running);
        waiting.push_back(work), ++queued;
    }
    void run(size_t until) {
        std::lock_guard<std::recursive_mutex> held(running);
        while (done < until && !waiting.empty()) {
            const std::function<void()> work = waiting.front();
            waiting.pop_front();
            work();
            ++done;
        }
    }
    void run() { run(queued); }
};

typedef std::shared_ptr<Queue> Stream;

// So much of a stream.
struct Event {
    Stream stream;
    size_t until;
};

struct Allocation {
    size_t bytes;
    size_t device;
};

std::mutex lock;
std::map<unsigned long long, Allocation> allocations;
std::map<size_t, size_t> allocated;
std::map<void*, Stream> streams;
std::map<std::string, Module*> modules;
thread_local std::vector<size_t> contexts;

// The queue of a stream that was made here; what is queued on any other is done at once.
Stream queue_of(void* stream) {
    std::lock_guard<std::mutex> held(lock);
    auto found = streams.find(stream);
    return found == streams.end() ? Stream() : found->second;
}

void finish(void* stream) {
    if (Stream queue = queue_of(stream)) queue->run();
}

void perform(void* stream, std::function<void()> work) {
    if (Stream queue = queue_of(stream)) queue->add(work);
    else work();
}

size_t free_bytes(size_t device) {
    const char* most = std::getenv("CUDA_ON_CPU_BYTES");
    const size_t all = most ? std::strtoull(most, 0, 10) : (size_t)1 << 40;
    std::lock_guard<std::mutex> held(lock);
    return all > allocated[device] ? all - allocated[device] : 0;
}

void release(unsigned long long address) {
    std::lock_guard<std::mutex> held(lock);
    auto found = allocations.find(address);
    const size_t bytes = found->second.bytes;
    for (size_t k = 0; k < guard; ++k) {
        if (((unsigned char*)address)[bytes + k] != unwritten) {
            std::fprintf(stderr, "a kernel wrote behind its %zu bytes\n", bytes);
            std::abort();
        }
    }
    allocated[found->second.device] -= bytes;
    allocations.erase(found);
    // Who reads it still finds nothing there.
    std::memset((void*)address, unwritten, bytes);
    std::free((void*)address);
}

}  // namespace

extern "C" {

int cuInit(unsigned) { return SUCCESS; }
int cuDriverGetVersion(int* version) { return *version = 12090, SUCCESS; }
int cuDeviceGetCount(int* count) {
    const char* wanted = std::getenv("CUDA_ON_CPU_DEVICES");
    return *count = wanted ? std::atoi(wanted) : 2, SUCCESS;
}
int cuDeviceGet(int* device, int number) { return *device = number, SUCCESS; }
int cuDeviceGetName(char* name, int, int) { return std::strcpy(name, "the processor, for tests"), SUCCESS; }
int cuDeviceGetAttribute(int* value, int attribute, int) {
    // Compute capability 9.0; few multiprocessors, so that small problems are cut into parts.
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 16 ? 1 : 0;
    return SUCCESS;
}
int cuDevicePrimaryCtxRetain(void** context, int device) { return *context = (void*)(size_t)(device + 1), SUCCESS; }
int cuCtxPushCurrent_v2(void* context) { return contexts.push_back((size_t)context), SUCCESS; }
int cuCtxPopCurrent_v2(void** context) {
    if (contexts.empty()) return INVALID_CONTEXT;
    *context = (void*)contexts.back();
    return contexts.pop_back(), SUCCESS;
}

// A pool is named as the context of its device is. The device's number is the second word of its location.
int cuMemPoolCreate(void** pool, const int* properties) { return *pool = (void*)(size_t)(properties[3] + 1), SUCCESS; }
int cuMemPoolSetAttribute(void*, int, void*) { return SUCCESS; }
int cuMemPoolGetAttribute(void*, int, void* value) { return *(unsigned long long*)value = 0, SUCCESS; }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
    if (contexts.empty()) return INVALID_CONTEXT;
    return *free = *total = free_bytes(contexts.back()), SUCCESS;
}

int cuStreamCreate(void** stream, unsigned) {
    *stream = std::malloc(1);
    std::lock_guard<std::mutex> held(lock);
    return streams[*stream] = std::make_shared<Queue>(), SUCCESS;
}
int cuStreamDestroy_v2(void* stream) {
    finish(stream);
    std::lock_guard<std::mutex> held(lock);
    return streams.erase(stream), std::free(stream), SUCCESS;
}
int cuStreamSynchronize(void* stream) { return finish(stream), SUCCESS; }
int cuStreamWaitEvent(void* stream, void* event, unsigned) {
    const Event recorded = *(Event*)event;
    if (recorded.stream) perform(stream, [recorded] { recorded.stream->run(recorded.until); });
    return SUCCESS;
}
int cuEventCreate(void** event, unsigned) { return *event = new Event{Stream(), 0}, SUCCESS; }
int cuEventDestroy_v2(void* event) { return delete (Event*)event, SUCCESS; }
int cuEventRecord(void* event, void* stream) {
    Stream queue = queue_of(stream);
    return *(Event*)event = Event{queue, queue ? queue->queued : 0}, SUCCESS;
}
int cuEventSynchronize(void* event) {
    const Event recorded = *(Event*)event;
    if (recorded.stream) recorded.stream->run(recorded.until);
    return SUCCESS;
}
int cuStreamIsCapturing(void*, int* status) { return *status = 0, SUCCESS; }

int cuMemAllocFromPoolAsync(unsigned long long* address, size_t bytes, void* pool, void* stream) {
    const size_t device = (size_t)pool;
    if (contexts.empty() || contexts.back() != device) return INVALID_CONTEXT;
    // What was given back before on this stream is there to be had.
    if (bytes > free_bytes(device)) finish(stream);
    if (bytes > free_bytes(device)) return OUT_OF_MEMORY;
    char* memory = (char*)std::aligned_alloc(256, (bytes + guard + 255) / 256 * 256);
    if (!memory) return OUT_OF_MEMORY;
    std::memset(memory, unwritten, bytes + guard);
    std::lock_guard<std::mutex> held(lock);
    allocations[*address = (unsigned long long)memory] = Allocation{bytes, device};
    return allocated[device] += bytes, SUCCESS;
}

int cuMemFreeAsync(unsigned long long address, void* stream) {
    {
        std::lock_guard<std::mutex> held(lock);
        if (!allocations.count(address)) return INVALID_VALUE;
    }
    return perform(stream, [address] { release(address); }), SUCCESS;
}

// Bytes are read when the stream has come so far, as devices do that read ordinary memory themselves.
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t bytes, void* stream) {
    return perform(stream, [=] { std::memcpy((void*)to, from, bytes); }), SUCCESS;
}
int cuLaunchHostFunc(void* stream, void (*function)(void*), void* argument) {
    return perform(stream, [=] { function(argument); }), SUCCESS;
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t bytes, void* stream) {
    finish(stream);
    return std::memcpy(to, (void*)from, bytes), SUCCESS;
}

// What `nvrtc.cpp` gives is the name of a shared library.
int cuModuleLoadData(void** module, const void* code) {
    const char* path = (const char*)code;
    void* library = std::strncmp(path, "/", 1) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : 0;
    if (!library) return INVALID_IMAGE;
    std::lock_guard<std::mutex> held(lock);
    Module*& known = modules[path];
    if (!known) {
        known = new Module;
        known->launch = (Launch)dlsym(library, "rkeops_launch");
        known->job_bytes = *(const size_t*)dlsym(library, "rkeops_job_bytes");
    }
    return *module = known, SUCCESS;
}
int cuModuleGetFunction(void** function, void* module, const char* name) {
    Module* loaded = (Module*)module;
    std::lock_guard<std::mutex> held(loaded->running);
    Function*& known = loaded->functions[name];
    if (!known) known = new Function{loaded, name};
    return *function = known, SUCCESS;
}
int cuLaunchKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned, unsigned, void* stream,
                   void** arguments, void**) {
    if (contexts.empty()) return INVALID_CONTEXT;
    Function* known = (Function*)function;
    const char* words = (const char*)arguments[0];
    const std::vector<char> job(words, words + known->module->job_bytes);
    perform(stream, [=] {
        const unsigned blocks[3] = {x, y, z};
        std::lock_guard<std::mutex> held(known->module->running);
        known->module->launch(known->name.c_str(), job.data(), blocks, threads);
    });
    return SUCCESS;
}
int cuGetErrorString(int code, const char** words) {
    *words = code == OUT_OF_MEMORY     ? "out of memory"
             : code == INVALID_IMAGE   ? "device kernel image is invalid"
             : code == INVALID_CONTEXT ? "invalid device context"
                                       : "an error";
    return SUCCESS;
}
}
