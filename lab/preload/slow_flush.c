/* Makes every flush to disk slower by SLOW_FLUSH_MS milliseconds, and counts
   them in the eight bytes of the file SLOW_FLUSH_COUNT. Loaded with LD_PRELOAD
   by `cargo xtask bench rsvp`, to see how many answers share one flush on a
   disk that is slower than the one at hand. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static struct timespec delay;
static uint64_t *count;

__attribute__((constructor)) static void begin(void) {
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    const char *milliseconds = getenv("SLOW_FLUSH_MS");
    const char *path = getenv("SLOW_FLUSH_COUNT");
    delay.tv_nsec = milliseconds ? atol(milliseconds) * 1000000L : 0;
    int file = path ? open(path, O_RDWR) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) count = mapped;
    close(file);
}

static void slow_down(void) {
    if (count) __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
    nanosleep(&delay, NULL);
}

int fsync(int file) {
    slow_down();
    return real_fsync(file);
}

int fdatasync(int file) {
    slow_down();
    return real_fdatasync(file);
}
