/* What eventfd, timerfd and epoll answer: printed by our kernel and by Linux, under QEMU's user mode. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, long result)
{
	printf("%s %ld%s%s\n", what, result, result < 0 ? " " : "", result < 0 ? strerrorname_np(errno) : "");
}

static int ready(int fd, int events)
{
	struct pollfd one = { fd, events, 0 };

	return poll(&one, 1, 0) > 0 ? one.revents : 0;
}

static void events(void)
{
	int fd = eventfd(3, EFD_NONBLOCK), semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t value = 7;
	char small[4];

	show("write", write(fd, &value, 8));
	show("poll", ready(fd, POLLIN | POLLOUT));
	show("read", read(fd, &value, 8));
	show("value", value);
	show("read", read(fd, &value, 8));
	show("poll", ready(fd, POLLIN | POLLOUT));
	show("short", read(fd, small, 4));
	value = UINT64_MAX;
	show("write", write(fd, &value, 8));
	value = UINT64_MAX - 1;
	show("write", write(fd, &value, 8));
	show("poll", ready(fd, POLLIN | POLLOUT));
	value = 1;
	show("write", write(fd, &value, 8));
	for (int i = 0; i < 3; i++)
		show("semaphore", read(semaphore, &value, 8));
	show("flags", eventfd(0, 64));
	show("cloexec", fcntl(semaphore, F_GETFD));
	show("seek", lseek(fd, 0, SEEK_SET));
	close(fd);
	close(semaphore);
}

static void list(int epoll, int most, int timeout)
{
	struct epoll_event found[8];
	int count = epoll_wait(epoll, found, most, timeout);

	show("wait", count);
	for (int i = 0; i < count; i++)
		printf("  %x %llx\n", found[i].events, (unsigned long long)found[i].data.u64);
}

static void polls(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), fds[2], file = open("/proc/self/exe", O_RDONLY);
	struct epoll_event event = { EPOLLIN, { .u64 = 0x123456789abcdefull } };
	char text[16];

	if (pipe(fds))
		return;
	show("add", epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
	show("again", epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
	show("file", epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event));
	show("itself", epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
	show("not open", epoll_ctl(epoll, EPOLL_CTL_ADD, 77, &event));
	show("no epoll", epoll_ctl(fds[0], EPOLL_CTL_ADD, fds[1], &event));
	show("modify", epoll_ctl(epoll, EPOLL_CTL_MOD, fds[1], &event));
	show("operation", epoll_ctl(epoll, 9, fds[0], &event));
	show("none", epoll_wait(epoll, &event, 0, 0));
	list(epoll, 8, 0);
	show("write", write(fds[1], "abc", 3));
	list(epoll, 8, -1);
	list(epoll, 8, -1);
	event = (struct epoll_event){ EPOLLOUT, { .u64 = 2 } };
	epoll_ctl(epoll, EPOLL_CTL_ADD, fds[1], &event);
	list(epoll, 8, 0);
	epoll_ctl(epoll, EPOLL_CTL_DEL, fds[1], NULL);
	/* Edges: once for each write, whether or not all was read. */
	event = (struct epoll_event){ EPOLLIN | EPOLLET, { .u64 = 3 } };
	epoll_ctl(epoll, EPOLL_CTL_MOD, fds[0], &event);
	list(epoll, 8, 0);
	list(epoll, 8, 0);
	show("write", write(fds[1], "de", 2));
	list(epoll, 8, 0);
	list(epoll, 8, 0);
	show("read", read(fds[0], text, 16));
	show("write", write(fds[1], "f", 1));
	list(epoll, 8, 0);
	event = (struct epoll_event){ EPOLLIN | EPOLLONESHOT, { .u64 = 4 } };
	epoll_ctl(epoll, EPOLL_CTL_MOD, fds[0], &event);
	list(epoll, 8, 0);
	list(epoll, 8, 0);
	epoll_ctl(epoll, EPOLL_CTL_MOD, fds[0], &event);
	list(epoll, 8, 0);
	event = (struct epoll_event){ EPOLLIN, { .u64 = 5 } };
	epoll_ctl(epoll, EPOLL_CTL_MOD, fds[0], &event);
	close(fds[1]);
	list(epoll, 8, 0);
	/* An epoll in an epoll, and a loop of them. */
	int outer = epoll_create(1);

	event = (struct epoll_event){ EPOLLIN, { .u64 = 6 } };
	show("nested", epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event));
	show("loop", epoll_ctl(epoll, EPOLL_CTL_ADD, outer, &event));
	list(outer, 8, 0);
	close(fds[0]);
	list(outer, 8, 0);
	list(epoll, 8, 0);
	show("create", epoll_create(0));
	close(outer);
	close(epoll);
	close(file);
}

static void timers(void)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), epoll = epoll_create1(0);
	struct itimerspec setting = { { 0, 0 }, { 0, 20000000 } }, old;
	struct epoll_event event = { EPOLLIN, { .u64 = 1 } };
	uint64_t ticks = 0;

	show("clock", timerfd_create(3, 0));
	show("read", read(timer, &ticks, 8));
	show("set", timerfd_settime(timer, 0, &setting, &old));
	show("old", old.it_value.tv_sec + old.it_value.tv_nsec);
	show("get", timerfd_gettime(timer, &old));
	show("left", old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 20000000);
	show("poll", ready(timer, POLLIN));
	epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
	list(epoll, 4, 1);
	list(epoll, 4, 5000);
	show("read", read(timer, &ticks, 8));
	show("ticks", ticks);
	setting.it_interval.tv_nsec = 30000000;
	setting.it_value.tv_nsec = 10000000;
	show("set", timerfd_settime(timer, 0, &setting, NULL));
	fcntl(timer, F_SETFL, 0);
	for (int i = 0; i < 3; i++) {
		show("blocking read", read(timer, &ticks, 8));
		show("ticks", ticks);
	}
	usleep(75000);
	show("read", read(timer, &ticks, 8));
	show("ticks", ticks);
	setting = (struct itimerspec){ 0 };
	show("stop", timerfd_settime(timer, 0, &setting, &old));
	show("interval", old.it_interval.tv_nsec);
	list(epoll, 4, 30);
	setting.it_value.tv_nsec = 1000000000;
	show("nanoseconds", timerfd_settime(timer, 0, &setting, NULL));
	show("flags", timerfd_settime(timer, 64, &setting, NULL));
	setting = (struct itimerspec){ { 0, 0 }, { 1, 0 } };
	show("past", timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL));
	show("no timer", timerfd_gettime(epoll, &old));
	show("write", write(timer, &ticks, 8));
	close(timer);
	close(epoll);
}

static int shared;

static void *thread(void *argument)
{
	uint64_t value = 5;

	usleep(10000);
	show("thread writes", write(shared, &value, 8));
	return argument;
}

/* Waits that somebody else ends. */
static void waits(void)
{
	pthread_t other;
	uint64_t value = 0;
	int epoll = epoll_create1(0), fds[2];
	struct epoll_event event = { EPOLLIN, { .u64 = 9 } };

	fflush(stdout);
	shared = eventfd(0, 0);
	pthread_create(&other, NULL, thread, NULL);
	long got = read(shared, &value, 8);

	pthread_join(other, NULL);
	show("read", got);
	show("value", value);
	epoll_ctl(epoll, EPOLL_CTL_ADD, shared, &event);
	if (pipe(fds))
		return;
	event.data.u64 = 10;
	epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event);
	fflush(stdout);
	if (fork() == 0) {
		usleep(10000);
		_exit(write(fds[1], "x", 1) != 1);
	}
	list(epoll, 4, -1);
	int status;

	wait(&status);
	show("child", status);
}

int main(void)
{
	events();
	polls();
	timers();
	waits();
	return 0;
}
