/*
 * The loops of ../emulator/loops.ts on the kernel of this machine. Reads names of loops, one a line;
 * answers each with how many operations were timed, and their seconds. The file is one in memory, whose page
 * cache has single pages, as that of cramfs has: on disk file systems Linux may use huge ones.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* The same numbers are in ../emulator/loops.ts. */
enum {
	PAGE = 4096,
	FILE_PAGES = 4095,
	READ_MAPPINGS = 32,
	COW_MAPPINGS = 16,
	PAIRS = 100000,
	PAIR_PAGES = 4,
	SPLITS = 30000,
	SPLIT_ROUNDS = 4,
};

static int file;
static volatile unsigned char sink;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static unsigned char *map(size_t pages, int prot, int flags, int fd)
{
	void *address = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

	if (address == MAP_FAILED)
		fail("mmap");
	return address;
}

static void map_all(unsigned char **maps, int count, int prot)
{
	for (int i = 0; i < count; i++)
		maps[i] = map(FILE_PAGES, prot, MAP_PRIVATE, file);
}

static void unmap_all(unsigned char **maps, int count)
{
	for (int i = 0; i < count; i++)
		munmap(maps[i], (size_t)FILE_PAGES * PAGE);
}

/* 0 .. count-1, or the same shuffled. */
static uint32_t *page_order(uint32_t count, int shuffled)
{
	uint32_t *order = malloc(count * sizeof(*order));
	uint32_t state = 12345;

	if (order == NULL)
		fail("malloc");
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count - 1; shuffled && i > 0; i--) {
		uint32_t j, swap = order[i];

		state = state * 1664525u + 1013904223u;
		j = (uint32_t)((uint64_t)state * (i + 1) >> 32);
		order[i] = order[j];
		order[j] = swap;
	}
	return order;
}

static long read_faults(double *seconds, int shuffled)
{
	static unsigned char *maps[READ_MAPPINGS];
	const uint32_t pages = READ_MAPPINGS * FILE_PAGES;
	uint32_t *order = page_order(pages, shuffled);
	double start;

	map_all(maps, READ_MAPPINGS, PROT_READ);
	start = now();
	for (uint32_t i = 0; i < pages; i++)
		sink = maps[order[i] / FILE_PAGES][(size_t)(order[i] % FILE_PAGES) * PAGE];
	*seconds = now() - start;
	unmap_all(maps, READ_MAPPINGS);
	free(order);
	return pages;
}

static long cow_faults(double *seconds)
{
	static unsigned char *maps[COW_MAPPINGS];
	double start;

	map_all(maps, COW_MAPPINGS, PROT_READ | PROT_WRITE);
	start = now();
	for (int i = 0; i < COW_MAPPINGS; i++)
		for (size_t page = 0; page < FILE_PAGES; page++)
			maps[i][page * PAGE] = 1;
	*seconds = now() - start;
	unmap_all(maps, COW_MAPPINGS);
	return (long)COW_MAPPINGS * FILE_PAGES;
}

static long pairs(double *seconds)
{
	double start = now();

	for (int i = 0; i < PAIRS; i++)
		munmap(map(PAIR_PAGES, PROT_READ, MAP_PRIVATE, file), PAIR_PAGES * PAGE);
	*seconds = now() - start;
	return PAIRS;
}

static long splits(double *seconds)
{
	*seconds = 0;
	for (int round = 0; round < SPLIT_ROUNDS; round++) {
		unsigned char *area = map(2 * SPLITS, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1);
		double start = now();

		for (size_t i = 0; i < SPLITS; i++)
			if (mprotect(area + 2 * i * PAGE, PAGE, PROT_READ) != 0)
				fail("mprotect");
		*seconds += now() - start;
		munmap(area, (size_t)2 * SPLITS * PAGE);
	}
	return (long)SPLIT_ROUNDS * SPLITS;
}

static int make_file(void)
{
	static unsigned char page[PAGE];
	int fd = memfd_create("kernel-loops", 0);

	if (fd < 0)
		fail("memfd_create");
	for (uint32_t i = 1; i <= FILE_PAGES; i++) {
		memcpy(page, &i, sizeof(i));
		if (write(fd, page, PAGE) != PAGE)
			fail("write");
	}
	return fd;
}

static long run(const char *loop, double *seconds)
{
	if (strcmp(loop, "sequential-read") == 0)
		return read_faults(seconds, 0);
	if (strcmp(loop, "random-read") == 0)
		return read_faults(seconds, 1);
	if (strcmp(loop, "copy-on-write") == 0)
		return cow_faults(seconds);
	if (strcmp(loop, "mmap-munmap") == 0)
		return pairs(seconds);
	if (strcmp(loop, "mprotect-split") == 0)
		return splits(seconds);
	fprintf(stderr, "no loop %s\n", loop);
	exit(2);
}

int main(void)
{
	char loop[32];

	file = make_file();
	while (scanf("%31s", loop) == 1) {
		double seconds = 0;
		long operations = run(loop, &seconds);

		printf("%ld %.9f\n", operations, seconds);
		fflush(stdout);
	}
	return 0;
}
