/* What an FDPIC program does first: it moves the addresses in its table to where its segments are. */

/* struct elf32_fdpic_loadmap of <linux/elf-fdpic.h> */
struct load_map {
	unsigned short version, nsegs;
	struct {
		unsigned addr, vaddr, memsz;
	} segs[];
};

#define END_OF_TABLE 0xffffffffu

static unsigned moved(const struct load_map *map, unsigned address)
{
	for (int i = 0; i < map->nsegs; i++)
		if (address - map->segs[i].vaddr < map->segs[i].memsz)
			return address - map->segs[i].vaddr + map->segs[i].addr;
	return address;
}

/* Text is the first segment, data the second, and the table its start. */
unsigned *move_table(const struct load_map *map)
{
	unsigned *table = (unsigned *)map->segs[1].addr;

	for (unsigned *at = table; *at != END_OF_TABLE; at++)
		if (*at != 0)
			*at = moved(map, *at);
	return table;
}
