// Ends the process with one line where Swift's runtime could not work. It runs before the runtime
// does: without /proc that would lose the arguments or trap, and without memory for its threads it
// would wait for them for ever.

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void refuse(const char *line) {
  ssize_t written = write(STDERR_FILENO, line, strlen(line));
  (void)written;
  _exit(1);
}

// Whether so many bytes of address space are free: `ulimit -v` limits it.
static int has_room(size_t size) {
  void *room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return 0;
  munmap(room, size);
  return 1;
}

__attribute__((constructor)) static void check_start(void) {
  if (access("/proc/self/cmdline", R_OK) != 0)
    refuse("kube-iptables-exporter: cannot read /proc/self/cmdline: /proc must be mounted\n");
  // A stack for each thread, of which there is one for each processor and some more.
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  size_t stack = (size_t)8 << 20;
  if (!has_room(((size_t)96 << 20) + stack * (size_t)(processors + 4)))
    refuse("kube-iptables-exporter: too little address space: raise the limit that ulimit -v shows\n");
}
