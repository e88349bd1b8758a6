// Together with include_b.cc: the header in two files of one C++ program defines nothing twice and needs nothing
// before it.
#include <rkeops.h>
#include <rkeops.h>

int version_of_b();

int main() {
    return rkeops_abi_version() == RKEOPS_ABI_VERSION && version_of_b() == RKEOPS_ABI_VERSION ? 0 : 1;
}
