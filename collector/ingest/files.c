/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of files.h: a ring, looked through from its begin, since it is
 * asked once for a module and batch. MT-safe.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file {
	char *path, *build_id;	/* NULL: free */
	int fd;
};

struct files {
	pthread_mutex_t lock;
	unsigned int next;
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

void files_put(struct files *f, const char *path, const char *build_id, int fd)
{
	struct file add = { strdup(path), strdup(build_id), fd }, *to;

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
		to = &f->file[f->next++ % FILES_MAX];
	clear(to);
	*to = add;
	pthread_mutex_unlock(&f->lock);
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
