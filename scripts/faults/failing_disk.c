/* A disk that fails: preloaded, it lets the calls that change files below FAIL_UNDER succeed FAIL_AFTER times, and then
 * fails every one, or the one only where FAIL_ONCE is set, with the error FAIL_ERRNO. FAIL_CALLS names the calls, by letter:
 * w (write, pwrite, writev), s (fsync, fdatasync), o (open for writing), r (read, pread). Links and renames are made by system calls
 * that do not pass through the C library.
 *
 *   cc -shared -fPIC -O2 -o failing_disk.so failing_disk.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

static int below(const char *path) {
    const char *under = getenv("FAIL_UNDER");
    return under && path && strncmp(path, under, strlen(under)) == 0;
}

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

/* Whether this call fails; errno is set then. */
static int fails(char kind) {
    const char *kinds = getenv("FAIL_CALLS"), *after = getenv("FAIL_AFTER"), *error = getenv("FAIL_ERRNO");
    if (!kinds || !after || !error || !strchr(kinds, kind)) return 0;
    long number = atomic_fetch_add(&calls, 1), limit = atol(after);
    if (number < limit || (getenv("FAIL_ONCE") && number > limit)) return 0;
    errno = atoi(error);
    return 1;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    return is_ours(fd) && fails('w') ? -1 : real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    return is_ours(fd) && fails('w') ? -1 : real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    return is_ours(fd) && fails('w') ? -1 : real(fd, data, size, at);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    return is_ours(fd) && fails('w') ? -1 : real(fd, parts, count);
}
ssize_t read(int fd, void *data, size_t size) {
    REAL(read);
    return is_ours(fd) && fails('r') ? -1 : real(fd, data, size);
}
ssize_t pread(int fd, void *data, size_t size, off_t at) {
    REAL(pread);
    return is_ours(fd) && fails('r') ? -1 : real(fd, data, size, at);
}
ssize_t pread64(int fd, void *data, size_t size, off64_t at) {
    REAL(pread64);
    return is_ours(fd) && fails('r') ? -1 : real(fd, data, size, at);
}
int fsync(int fd) {
    REAL(fsync);
    return is_ours(fd) && fails('s') ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(fdatasync);
    return is_ours(fd) && fails('s') ? -1 : real(fd);
}
static int mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
}
#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        REAL(name);                                                             \
        va_list arguments;                                                      \
        va_start(arguments, flags);                                             \
        int mode = mode_of(flags, arguments);                                   \
        va_end(arguments);                                                      \
        int writes = (flags & O_ACCMODE) != O_RDONLY;                           \
        return writes && below(path) && fails('o') ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
