/* Runs a fuzz target once on each file named: the corpus, or an input that once failed. */
#include "tests/fuzz/fuzz.h"
#include "tests/support.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t nbytes;
        unsigned char *bytes = support_read_file(argv[i], &nbytes);

        LLVMFuzzerTestOneInput(bytes, nbytes);
        free(bytes);
    }
    printf("%d inputs\n", argc - 1);
    return argc > 1 ? 0 : 1;
}
