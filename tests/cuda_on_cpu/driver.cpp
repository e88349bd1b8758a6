// A CUDA driver whose only device is the processor, for tests without a GPU: the functions that the library calls, with the
// addresses of ordinary memory. Kernels are shared libraries that `nvrtc.cpp` makes of their source.

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

namespace {

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, NOT_FOUND = 500 };

// Bytes behind each allocation that nobody may change, and what memory holds before anything is written: NaN in every format.
const size_t guard = 256;
const int unwritten = 0xff;

typedef void (*Launch)(const char*, const void*, const unsigned*, unsigned);

// A library is loaded once, and kernels have memory that is static.
struct Module {
    Launch launch;
    std::mutex running;
    std::map<std::string, struct Function*> functions;
};

struct Function {
    Module* module;
    std::string name;
};

std::mutex lock;
std::map<unsigned long long, size_t> allocations;
std::map<std::string, Module*> modules;

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
int cuCtxPushCurrent_v2(void*) { return SUCCESS; }
int cuCtxPopCurrent_v2(void**) { return SUCCESS; }
int cuMemPoolCreate(void** pool, const void*) { return *pool = (void*)1, SUCCESS; }
int cuMemPoolSetAttribute(void*, int, void*) { return SUCCESS; }
int cuStreamCreate(void** stream, unsigned) { return *stream = std::malloc(1), SUCCESS; }
int cuStreamDestroy_v2(void* stream) { return std::free(stream), SUCCESS; }
int cuStreamSynchronize(void*) { return SUCCESS; }
int cuStreamIsCapturing(void*, int* status) { return *status = 0, SUCCESS; }

int cuMemAllocFromPoolAsync(unsigned long long* address, size_t bytes, void*, void*) {
    const char* most = std::getenv("CUDA_ON_CPU_BYTES");
    if (most && bytes > std::strtoull(most, 0, 10)) return OUT_OF_MEMORY;
    char* memory = (char*)std::aligned_alloc(256, (bytes + guard + 255) / 256 * 256);
    if (!memory) return OUT_OF_MEMORY;
    std::memset(memory, unwritten, bytes + guard);
    std::lock_guard<std::mutex> held(lock);
    allocations[*address = (unsigned long long)memory] = bytes;
    return SUCCESS;
}

int cuMemFreeAsync(unsigned long long address, void*) {
    std::lock_guard<std::mutex> held(lock);
    auto found = allocations.find(address);
    if (found == allocations.end()) return INVALID_VALUE;
    for (size_t k = 0; k < guard; ++k) {
        if (((unsigned char*)address)[found->second + k] != unwritten) {
            std::fprintf(stderr, "a kernel wrote behind its %zu bytes\n", found->second);
            std::abort();
        }
    }
    allocations.erase(found);
    return std::free((void*)address), SUCCESS;
}

int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t bytes, void*) {
    return std::memcpy((void*)to, from, bytes), SUCCESS;
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t bytes, void*) {
    return std::memcpy(to, (void*)from, bytes), SUCCESS;
}

// What `nvrtc.cpp` gives is the name of a shared library.
int cuModuleLoadData(void** module, const void* code) {
    const char* path = (const char*)code;
    void* library = std::strncmp(path, "/", 1) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : 0;
    if (!library) return INVALID_IMAGE;
    std::lock_guard<std::mutex> held(lock);
    Module*& known = modules[path];
    if (!known) known = new Module, known->launch = (Launch)dlsym(library, "rkeops_launch");
    return *module = known, SUCCESS;
}
int cuModuleGetFunction(void** function, void* module, const char* name) {
    Module* loaded = (Module*)module;
    std::lock_guard<std::mutex> held(loaded->running);
    Function*& known = loaded->functions[name];
    if (!known) known = new Function{loaded, name};
    return *function = known, SUCCESS;
}
int cuLaunchKernel(void* function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned, unsigned, void*,
                   void** arguments, void**) {
    Function* known = (Function*)function;
    const unsigned blocks[3] = {x, y, z};
    std::lock_guard<std::mutex> held(known->module->running);
    known->module->launch(known->name.c_str(), arguments[0], blocks, threads);
    return SUCCESS;
}
int cuGetErrorString(int code, const char** words) {
    *words = code == OUT_OF_MEMORY ? "out of memory" : code == INVALID_IMAGE ? "device kernel image is invalid" : "an error";
    return SUCCESS;
}
}
