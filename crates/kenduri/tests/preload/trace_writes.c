/* Records what a program writes to the store TRACE_STORE and its log, and when
   that was flushed to disk, in the file TRACE_FILE. Loaded with LD_PRELOAD by
   the tests of power failures, which replay a part of the record.

   A record is a header, in the machine's byte order, and its data. A write is
   recorded before it is done, and a flush before it begins and after it has
   ended, so that a write during a flush does not count as flushed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { STORE = 0, LOG = 1, JOURNAL = 2, FOLDER = 3, OTHER = 9 };

struct header {
    uint8_t kind; /* 'c'reate, 'w'rite, 't'runcate, 'u'nlink, 'b'egin and 'e'nd of a flush */
    uint8_t file;
    uint8_t unused[6];
    uint64_t number; /* of a flush; the offset of a write; the length after a truncation */
    uint64_t length; /* of the data */
};

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);
static int (*real_open)(const char *, int, ...);
static const char *store;
static char folder[4096];
static int trace = -1;
static uint64_t flushes;

__attribute__((constructor)) static void begin(void) {
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    real_write = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    real_pwrite = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    real_ftruncate = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
    real_unlink = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    real_open = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    const char *file = getenv("TRACE_FILE");
    store = getenv("TRACE_STORE");
    if (!store || !file || strlen(store) >= sizeof folder) return;
    strcpy(folder, store);
    char *end = strrchr(folder, '/');
    if (end) *end = 0;
    trace = real_open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int which(const char *path) {
    if (trace < 0) return OTHER;
    if (!strcmp(path, folder)) return FOLDER;
    size_t length = strlen(store);
    if (strncmp(path, store, length)) return OTHER;
    path += length;
    if (!*path) return STORE;
    if (!strcmp(path, "-wal")) return LOG;
    return strcmp(path, "-journal") ? OTHER : JOURNAL;
}

static int which_open(int file) {
    if (trace < 0) return OTHER;
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return OTHER;
    path[length] = 0;
    return which(path);
}

static void record(char kind, int file, uint64_t number, const void *data, uint64_t length) {
    struct header header = {kind, file, {0}, number, length};
    struct iovec parts[2] = {{&header, sizeof header}, {(void *)data, length}};
    ssize_t whole = sizeof header + length;
    /* One call appends it whole, also beside other threads and processes. */
    if (writev(trace, parts, data ? 2 : 1) != whole) abort();
}

static int flush(int (*real)(int), int file) {
    int before = errno, name = which_open(file);
    if (name == OTHER) {
        errno = before;
        return real(file);
    }
    uint64_t number = (uint64_t)getpid() << 32 | __atomic_fetch_add(&flushes, 1, __ATOMIC_SEQ_CST);
    record('b', name, number, NULL, 0);
    int outcome = real(file);
    if (!outcome) record('e', name, number, NULL, 0);
    return outcome;
}

int fsync(int file) { return flush(real_fsync, file); }
int fdatasync(int file) { return flush(real_fdatasync, file); }

ssize_t write(int file, const void *data, size_t length) {
    int before = errno, name = which_open(file);
    errno = before;
    if (name != OTHER) record('w', name, lseek(file, 0, SEEK_CUR), data, length);
    return real_write(file, data, length);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
    int before = errno, name = which_open(file);
    errno = before;
    if (name != OTHER) record('w', name, offset, data, length);
    return real_pwrite(file, data, length, offset);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    return pwrite(file, data, length, offset);
}

int ftruncate(int file, off_t length) {
    int before = errno, name = which_open(file);
    errno = before;
    if (name != OTHER) record('t', name, length, NULL, 0);
    return real_ftruncate(file, length);
}

int ftruncate64(int file, off64_t length) { return ftruncate(file, length); }

int unlink(const char *path) {
    int name = which(path);
    if (name != OTHER) record('u', name, 0, NULL, 0);
    return real_unlink(path);
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (!real_open) return openat(AT_FDCWD, path, flags, mode);
    int name = which(path);
    if (name < FOLDER && flags & O_CREAT && access(path, F_OK)) record('c', name, 0, NULL, 0);
    if (name < FOLDER && flags & O_TRUNC) record('t', name, 0, NULL, 0);
    return real_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return open(path, flags, mode);
}
