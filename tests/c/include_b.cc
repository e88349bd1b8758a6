// See include_a.cc.
#include <rkeops.h>

int version_of_b();
int version_of_b() { return rkeops_abi_version(); }
