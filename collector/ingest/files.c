/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of files.h, looked through from its begin, since it is asked once
 * for a module and batch. MT-safe.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "root.h"

struct file {
	char *path, *build_id;	/* NULL: free */
	uint64_t owner, age;	/* age: the lower, the older; 0: free */
	int fd;
};

struct files {
	pthread_mutex_t lock;
	uint64_t puts;
	struct file file[FILES_MAX];
};

struct files *files_open(void)
{
	struct files *f = calloc(1, sizeof(*f));

	if (f)
		pthread_mutex_init(&f->lock, NULL);
	return f;
}

static void clear(struct file *file)
{
	if (file->path && file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->build_id);
	*file = (struct file){ 0 };
}

void files_close(struct files *f)
{
	if (!f)
		return;
	for (unsigned int i = 0; i < FILES_MAX; i++)
		clear(&f->file[i]);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static struct file *find(struct files *f, const char *path, const char *build_id)
{
	for (unsigned int i = 0; i < FILES_MAX; i++)
		if (f->file[i].path && strcmp(f->file[i].path, path) == 0 &&
		    strcmp(f->file[i].build_id, build_id) == 0)
			return &f->file[i];
	return NULL;
}

bool files_has(struct files *f, const char *path, const char *build_id)
{
	const struct file *file;
	bool has;

	pthread_mutex_lock(&f->lock);
	file = find(f, path, build_id);
	has = file && file->fd >= 0;
	pthread_mutex_unlock(&f->lock);
	return has;
}

/* A free place, or that of the oldest. */
static struct file *place_for(struct files *f, uint64_t owner)
{
	struct file *oldest = &f->file[0], *own = NULL;
	unsigned int n = 0;

	for (unsigned int i = 0; i < FILES_MAX; i++) {
		struct file *file = &f->file[i];

		if (file->age < oldest->age)
			oldest = file;
		if (!owner || !file->path || file->owner != owner)
			continue;
		n++;
		if (!own || file->age < own->age)
			own = file;
	}
	return n < FILES_OWNED ? oldest : own;
}

void files_put(struct files *f, uint64_t owner, const char *path, const char *build_id, int fd)
{
	struct file add = { strdup(path), strdup(build_id), owner, 0, fd }, *to;

	if (!add.path || !add.build_id) {
		if (fd >= 0)
			close(fd);
		free(add.path);
		free(add.build_id);
		return;
	}
	pthread_mutex_lock(&f->lock);
	to = find(f, path, build_id);
	if (!to)
		to = place_for(f, owner);
	add.age = ++f->puts;
	clear(to);
	*to = add;
	pthread_mutex_unlock(&f->lock);
}

bool files_find(struct files *f, const struct root *root, uint64_t owner, const char *path, const char *build_id)
{
	int fd;

	/* Without a build id it may be another file than the last time. */
	if (*build_id && files_has(f, path, build_id))
		return true;
	fd = root_open_file(root, path);
	files_put(f, owner, path, build_id, fd);
	return fd != -EINVAL && fd != -EXDEV && fd != -ELOOP && fd != -EAGAIN;
}

int files_get(struct files *f, const char *path, const char *build_id)
{
	const struct file *file;
	int fd = -ENOENT;

	pthread_mutex_lock(&f->lock);
	file = find(f, path, build_id);
	if (file)
		fd = file->fd < 0 ? -EACCES : fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		fd = -errno;
	pthread_mutex_unlock(&f->lock);
	return fd;
}
