/* Preloaded into a program: records what it does to the files below FAULT_ROOT, or makes it fail there.
 *
 * Every operation is written to FAULT_LOG in the order in which it was done: a header, two paths, the data.
 * fault_arm() makes the k-th operation from now on fail; fault_mark() puts a remark into the same log.
 * What is written through mmap is not seen: SQLite does so to the -shm file alone, which no cut leaves behind.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define MANY 4096
enum { WRITE = 1, SYNC = 2, TRUNCATE = 4, OPEN = 8, CREATE = 16, NAME = 32, READ = 64 };

struct __attribute__((packed)) header {
    char op;
    int32_t fd;
    int64_t offset, length;
    int32_t path, second, data;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record_fd = -1;
static char root[4096];
static size_t root_length;
static unsigned char tracked[MANY];

static struct { int at, count, error, kinds, sticky, partial, fired; } fault = { .at = -1 };

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("FAULT_ROOT"), *log = getenv("FAULT_LOG");
    if (where) { snprintf(root, sizeof root, "%s", where); root_length = strlen(root); }
    if (log && *log)
        record_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *plan = getenv("FAULT_PLAN"); /* at:errno:kinds:sticky:partial, armed from the start */
    if (plan)
        sscanf(plan, "%d:%d:%d:%d:%d", &fault.at, &fault.error, &fault.kinds, &fault.sticky, &fault.partial);
}

static int inside(const char *path) {
    return root_length && path && !strncmp(path, root, root_length)
        && (path[root_length] == '/' || !path[root_length]);
}

static int known(int fd) { return fd >= 0 && fd < MANY && tracked[fd]; }

static void put(const void *data, size_t length) {
    const char *at = data;
    while (length) {
        ssize_t done = syscall(SYS_write, record_fd, at, length);
        if (done <= 0) { static const char no[] = "fault recorder: the log cannot be written\n";
            syscall(SYS_write, 2, no, sizeof no - 1); _exit(99); }
        at += done; length -= (size_t)done;
    }
}

static void record(char op, int fd, int64_t offset, int64_t length, const char *path, const char *second,
                   const void *data, size_t size) {
    if (record_fd < 0) return;
    struct header head = { op, fd, offset, length, path ? (int32_t)strlen(path) : 0,
                           second ? (int32_t)strlen(second) : 0, (int32_t)size };
    put(&head, sizeof head);
    if (path) put(path, strlen(path));
    if (second) put(second, strlen(second));
    if (size) put(data, size);
}

/* Whether the operation that is about to be done fails; -1 where it is a write that is done by half. */
static int fails(int kind) {
    if (fault.at < 0 || !(fault.kinds & kind)) return 0;
    int here = fault.count++;
    if (here == fault.at && fault.partial && kind == WRITE) { fault.fired = 1; fault.at++; return -1; }
    if (here == fault.at || (fault.sticky && here > fault.at)) { fault.fired = 1; errno = fault.error; return 1; }
    return 0;
}

void fault_arm(int at, int error, int kinds, int sticky, int partial) {
    pthread_mutex_lock(&lock);
    fault.at = at; fault.count = 0; fault.error = error; fault.kinds = kinds;
    fault.sticky = sticky; fault.partial = partial; fault.fired = 0;
    pthread_mutex_unlock(&lock);
}

int fault_fired(void) { return fault.fired; }

void fault_mark(const char *text, int length) {
    pthread_mutex_lock(&lock);
    record('M', -1, 0, 0, NULL, NULL, text, (size_t)length);
    pthread_mutex_unlock(&lock);
}

static int opened(int (*call)(const char *, int, mode_t), const char *path, int flags, mode_t mode) {
    if (!inside(path)) return call(path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat about;
    int there = stat(path, &about) == 0, fd = -1;
    int creates = (flags & O_CREAT) && !there;
    if (!fails(creates ? CREATE : OPEN)) {
        fd = call(path, flags, mode);
        if (fd >= 0 && fd < MANY) {
            tracked[fd] = 1;
            record('o', fd, creates | ((flags & O_TRUNC) && there ? 2 : 0), 0, path, NULL, NULL, 0);
        }
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list rest; va_start(rest, flags); \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; va_end(rest); \
        return opened((int (*)(const char *, int, mode_t))real, path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(int, #name, int, const char *, int, ...); \
        va_list rest; va_start(rest, flags); \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; va_end(rest); \
        if (inside(path)) return open(path, flags, mode); \
        return real(folder, path, flags, mode); \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

int close(int fd) {
    REAL(int, "close", int);
    if (!known(fd)) return real(fd);
    pthread_mutex_lock(&lock);
    tracked[fd] = 0;
    record('c', fd, 0, 0, NULL, NULL, NULL, 0);
    int done = real(fd);
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t wrote(int fd, const void *data, size_t size, off64_t offset) {
    pthread_mutex_lock(&lock);
    int fault_now = fails(WRITE);
    ssize_t done = -1;
    if (fault_now <= 0) {
        size_t part = fault_now < 0 && size > 1 ? size / 2 : size;
        off64_t at = offset;
        if (offset < 0) {
            int flags = fcntl(fd, F_GETFL);
            at = flags >= 0 && (flags & O_APPEND) ? lseek64(fd, 0, SEEK_END) : lseek64(fd, 0, SEEK_CUR);
            done = syscall(SYS_write, fd, data, part);
        } else {
            done = syscall(SYS_pwrite64, fd, data, part, offset);
        }
        if (done > 0) record('w', fd, at, done, NULL, NULL, data, (size_t)done);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t size) {
    if (!known(fd)) return syscall(SYS_write, fd, data, size);
    return wrote(fd, data, size, -1);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    if (!known(fd)) return syscall(SYS_pwrite64, fd, data, size, offset);
    return wrote(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    if (!known(fd)) return syscall(SYS_pwrite64, fd, data, size, offset);
    return wrote(fd, data, size, offset);
}

/* Reads are not recorded: they change nothing. */
static int cannot_read(int fd) {
    if (!known(fd)) return 0;
    pthread_mutex_lock(&lock);
    int failed = fails(READ), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return failed;
}

ssize_t read(int fd, void *data, size_t size) {
    return cannot_read(fd) ? -1 : syscall(SYS_read, fd, data, size);
}
ssize_t pread(int fd, void *data, size_t size, off_t offset) {
    return cannot_read(fd) ? -1 : syscall(SYS_pread64, fd, data, size, offset);
}
ssize_t pread64(int fd, void *data, size_t size, off64_t offset) {
    return cannot_read(fd) ? -1 : syscall(SYS_pread64, fd, data, size, offset);
}

/* One call between the lock, its fault, and its record. */
#define STEP(kind, call, ...) \
    pthread_mutex_lock(&lock); \
    int done = -1; \
    if (!fails(kind)) { done = (int)(call); if (!done) record(__VA_ARGS__); } \
    int error = errno; \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return done

int ftruncate64(int fd, off64_t size) {
    if (!known(fd)) return (int)syscall(SYS_ftruncate, fd, size);
    STEP(TRUNCATE, syscall(SYS_ftruncate, fd, size), 't', fd, size, 0, NULL, NULL, NULL, 0);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) {
    if (!known(fd)) return (int)syscall(SYS_fsync, fd);
    STEP(SYNC, syscall(SYS_fsync, fd), 's', fd, 0, 0, NULL, NULL, NULL, 0);
}
int fdatasync(int fd) {
    if (!known(fd)) return (int)syscall(SYS_fdatasync, fd);
    STEP(SYNC, syscall(SYS_fdatasync, fd), 's', fd, 0, 0, NULL, NULL, NULL, 0);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    if (!known(fd)) return (int)syscall(SYS_fallocate, fd, mode, offset, length);
    STEP(WRITE, syscall(SYS_fallocate, fd, mode, offset, length), 'a', fd, offset, length, NULL, NULL, NULL, 0);
}
int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    return fallocate64(fd, 0, offset, length) ? errno : 0;
}
int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

int rename(const char *from, const char *to) {
    if (!inside(from) && !inside(to)) return (int)syscall(SYS_rename, from, to);
    STEP(NAME, syscall(SYS_rename, from, to), 'r', -1, 0, 0, from, to, NULL, 0);
}
int link(const char *from, const char *to) {
    if (!inside(to)) return (int)syscall(SYS_link, from, to);
    STEP(CREATE, syscall(SYS_link, from, to), 'l', -1, 0, 0, from, to, NULL, 0);
}
int unlink(const char *path) {
    if (!inside(path)) return (int)syscall(SYS_unlink, path);
    STEP(NAME, syscall(SYS_unlink, path), 'u', -1, 0, 0, path, NULL, NULL, 0);
}
int mkdir(const char *path, mode_t mode) {
    if (!inside(path)) return (int)syscall(SYS_mkdir, path, mode);
    STEP(CREATE, syscall(SYS_mkdir, path, mode), 'm', -1, 0, 0, path, NULL, NULL, 0);
}
int rmdir(const char *path) {
    if (!inside(path)) return (int)syscall(SYS_rmdir, path);
    STEP(NAME, syscall(SYS_rmdir, path), 'd', -1, 0, 0, path, NULL, NULL, 0);
}
