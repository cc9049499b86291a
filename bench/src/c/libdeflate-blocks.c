/*
 * Compresses the blocks of 4 KiB of all files below a directory with libdeflate, on all processors: what the
 * compression of a build would take with that library, in C. Nothing is kept.
 *
 *   cc -O2 -pthread -o libdeflate-blocks libdeflate-blocks.c -ldeflate
 *   ./libdeflate-blocks DIRECTORY LEVEL
 *
 * Prints the bytes that the blocks would take.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 4096, MAX_THREADS = 64 };

struct file {
    char *path;
    size_t size;
};

static struct file *files;
static size_t file_count, file_room;
static atomic_size_t next_file;
static atomic_size_t stored_bytes;
static int level;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type != FTW_F || !S_ISREG(st->st_mode))
        return 0;
    if (file_count == file_room) {
        file_room = file_room ? 2 * file_room : 1024;
        files = realloc(files, file_room * sizeof *files);
        if (!files)
            fail("realloc");
    }
    files[file_count].path = strdup(path);
    if (!files[file_count].path)
        fail("strdup");
    files[file_count++].size = st->st_size;
    return 0;
}

static void read_whole(const struct file *file, unsigned char *bytes)
{
    int fd = open(file->path, O_RDONLY);
    size_t done = 0;

    if (fd < 0)
        fail(file->path);
    while (done < file->size) {
        ssize_t got = read(fd, bytes + done, file->size - done);

        if (got <= 0)
            fail(file->path);
        done += got;
    }
    close(fd);
}

static void *compress_files(void *unused)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    unsigned char *bytes = NULL, out[2 * BLOCK];
    size_t room = 0, stored = 0, index;

    if (!compressor)
        fail("libdeflate_alloc_compressor");
    while ((index = next_file++) < file_count) {
        const struct file *file = &files[index];

        if (file->size > room) {
            room = file->size;
            bytes = realloc(bytes, room);
            if (!bytes)
                fail("realloc");
        }
        read_whole(file, bytes);
        for (size_t at = 0; at < file->size; at += BLOCK) {
            size_t length = file->size - at < BLOCK ? file->size - at : BLOCK;
            size_t packed = libdeflate_zlib_compress(compressor, bytes + at, length, out, sizeof out);

            stored += packed != 0 && packed < length ? packed : length;
        }
    }
    stored_bytes += stored;
    free(bytes);
    libdeflate_free_compressor(compressor);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_THREADS];
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    if (argc != 3 || (level = atoi(argv[2])) < 1) {
        fprintf(stderr, "usage: libdeflate-blocks DIRECTORY LEVEL\n");
        return 2;
    }
    if (nftw(argv[1], add_file, 64, FTW_PHYS) != 0)
        fail(argv[1]);
    if (count > MAX_THREADS)
        count = MAX_THREADS;
    for (long k = 0; k < count; k++)
        if (pthread_create(&threads[k], NULL, compress_files, NULL) != 0)
            fail("pthread_create");
    for (long k = 0; k < count; k++)
        pthread_join(threads[k], NULL);
    printf("%zu\n", (size_t)stored_bytes);
    return 0;
}
