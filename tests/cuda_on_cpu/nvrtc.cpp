// A run-time compiler for the driver beside it: the processor's C++ compiler with `shim.h`. What it compiled is kept in the folder
// of this library, by content. Where CUDA_ON_CPU_NVRTC names NVIDIA's compiler that has to accept sources too, one of so many as
// CUDA_ON_CPU_SHARE says, each for one of several architectures or, with CUDA_ON_CPU_EVERY, for all; not those that take it minutes. Options are not looked at: what is
// asked for in groups of kernels is compiled once, with all of them.

#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace {

struct Program {
    std::string source, log, code;
};

std::string folder() {
    Dl_info info;
    dladdr((void*)&folder, &info);
    char whole[PATH_MAX];
    const std::string path = realpath(info.dli_fname, whole) ? whole : info.dli_fname;
    return path.substr(0, path.rfind('/'));
}

std::string read(const std::string& path) {
    std::string text;
    if (FILE* file = std::fopen(path.c_str(), "r")) {
        char part[4096];
        for (size_t count; (count = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, count);
        std::fclose(file);
    }
    return text;
}

// For those that multiply on tensor cores the first is too old.
const int architectures[] = {75, 80, 90, 100};
const size_t longest = 1 << 16;

// Held while a source is compiled.
std::mutex& lock_of(size_t hash) {
    static std::mutex all;
    static std::map<size_t, std::mutex> locks;
    std::lock_guard<std::mutex> held(all);
    return locks[hash];
}

// What NVIDIA's compiler says against a source, if anything.
std::string refusal(const std::string& path, const std::string& source, int architecture) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return path + " cannot be loaded";
    typedef int Create(void**, const char*, const char*, int, const void*, const void*);
    typedef int Compile(void*, int, const char* const*);
    typedef int Size(void*, size_t*);
    typedef int Log(void*, char*);
    typedef int Destroy(void**);
    void* program = 0;
    ((Create*)dlsym(library, "nvrtcCreateProgram"))(&program, source.c_str(), "rkeops.cu", 0, 0, 0);
    const std::string option = "--gpu-architecture=sm_" + std::to_string(architecture);
    const char* options[] = {option.c_str(), "--fmad=false", "--std=c++17", "--disable-warnings", "--Ofast-compile=mid"};
    std::string log;
    if (((Compile*)dlsym(library, "nvrtcCompileProgram"))(program, 5, options) != 0) {
        size_t size = 0;
        ((Size*)dlsym(library, "nvrtcGetProgramLogSize"))(program, &size);
        log.resize(size + 1);
        ((Log*)dlsym(library, "nvrtcGetProgramLog"))(program, &log[0]);
        log = "NVRTC, " + option + ":\n" + log;
    }
    ((Destroy*)dlsym(library, "nvrtcDestroyProgram"))(&program);
    return log;
}

}  // namespace

extern "C" {

int nvrtcVersion(int* major, int* minor) { return *major = 12, *minor = 999, 0; }
int nvrtcGetNumSupportedArchs(int* count) { return *count = 1, 0; }
int nvrtcGetSupportedArchs(int* list) { return *list = 90, 0; }
const char* nvrtcGetErrorString(int code) { return code == 0 ? "no error" : "the processor's compiler refused the source"; }

int nvrtcCreateProgram(void** program, const char* source, const char*, int, const void*, const void*) {
    return *program = new Program{source, "", ""}, 0;
}

int nvrtcCompileProgram(void* program, int, const char* const*) {
    Program* own = (Program*)program;
    const char* options = std::getenv("CUDA_ON_CPU_OPTIONS");
    const std::string flags = options ? options : "", text = own->source + flags + read(folder() + "/launch.h");
    char name[32];
    const size_t hash = std::hash<std::string>()(text);
    std::snprintf(name, sizeof name, "/%016zx", hash);
    std::lock_guard<std::mutex> held(lock_of(hash));
    const std::string place = folder() + name, library = place + ".so";
    if (access(library.c_str(), R_OK) != 0) {
        static __thread int count;
        char own_name[64];
        std::snprintf(own_name, sizeof own_name, ".%d.%p.%d", (int)getpid(), (void*)&count, count++);
        const std::string mine = place + own_name;
        FILE* file = std::fopen((mine + ".cpp").c_str(), "w");
        if (!file) return own->log = mine + " cannot be written", 6;
        std::fprintf(file, "#include \"shim.h\"\n%s\n#include \"launch.h\"\n", own->source.c_str());
        std::fclose(file);
        const std::string command = "cd '" + folder() + "' && c++ " + read(folder() + "/flags") + " " + flags + " -shared -o '" + mine +
                                    ".so' '" + mine + ".cpp' 2> '" + mine + ".log'";
        if (std::system(command.c_str()) != 0) return own->log = read(mine + ".log"), 6;
        std::remove((mine + ".cpp").c_str());
        std::remove((mine + ".log").c_str());
        std::rename((mine + ".so").c_str(), library.c_str());
    }
    own->code = library;
    const char* other = std::getenv("CUDA_ON_CPU_NVRTC");
    const std::string accepted = place + ".accepted";
    const char* share = std::getenv("CUDA_ON_CPU_SHARE");
    const bool is_chosen = hash / 4 % (share ? std::strtoul(share, 0, 10) : 1) == 0 && own->source.size() < longest;
    if (other && *other && is_chosen && access(accepted.c_str(), R_OK) != 0) {
        const bool multiplies = own->source.find("mma.sync") != std::string::npos;
        const char* every = std::getenv("CUDA_ON_CPU_EVERY");
        for (size_t k = multiplies; k < 4; ++k) {
            if (!(every && *every) && k != (hash % 4 < multiplies ? multiplies : hash % 4)) continue;
            own->log = refusal(other, own->source, architectures[k]);
            if (!own->log.empty()) return 6;
        }
        if (FILE* file = std::fopen(accepted.c_str(), "w")) std::fclose(file);
    }
    return 0;
}

int nvrtcGetProgramLogSize(void* program, size_t* size) { return *size = ((Program*)program)->log.size() + 1, 0; }
int nvrtcGetProgramLog(void* program, char* log) { return std::strcpy(log, ((Program*)program)->log.c_str()), 0; }
int nvrtcGetCUBINSize(void* program, size_t* size) { return *size = ((Program*)program)->code.size() + 1, 0; }
int nvrtcGetCUBIN(void* program, char* code) { return std::strcpy(code, ((Program*)program)->code.c_str()), 0; }
int nvrtcDestroyProgram(void** program) { return delete (Program*)*program, *program = 0, 0; }
}
