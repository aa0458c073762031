/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What engines and runtimes keep on the host about a container: nothing that
 * is read here can be written from within one. Used by ingest/. MT-safe.
 *
 * `root` stands before all paths of state; "" but in tests.
 */
#ifndef SIGSHIM_ENGINE_H
#define SIGSHIM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct engine_keeper;

/* Texts that are "" where nobody tells. */
struct engine_facts {
	char name[256], image[512];
	char pod[256], namespace[256], pod_uid[64];	/* of Kubernetes */
	char labels[4096];		/* the pod's, a JSON object */
	char bundle[512];		/* where its config.json lies, for finding more */
};

/* True if anything is known of the container. keeper may be NULL. */
bool engine_ask(const char *root, const char *id, const struct engine_keeper *keeper, struct engine_facts *ret);

/*
 * The name that a runtime alone has given to the container that the process is
 * in; for those whose control group no engine has named. `cgroups` is the text
 * of its /proc/PID/cgroup. Proven by the kernel: the state's first process is
 * in the same mount namespace, or the state's control group is the process's.
 */
bool engine_identify(const char *root, int pid, const char *cgroups, char *ret, size_t size);

/* --- engine_keeper.c ------------------------------------------------------ */

/* A process that started a container, waits for it, and is not in it. */
struct engine_keeper {
	bool is_roots;		/* what it names can be trusted to be no trap */
	char id[256], name[256], bundle[512];	/* conmon's */
	char state[512];	/* a runtime's: the folder of that container's state */
};
/*
 * Of the container whose id the control group tells, or, "", the nearest that
 * has the host's mounts. False: there is none.
 */
bool engine_keeper(int pid, const char *id, struct engine_keeper *ret);

/* Whether both have the same namespace of that name. */
bool engine_same_namespace(int a, int b, const char *name);
/* A file's name that is no other path, and might be a container's. */
bool engine_is_name(const char *s);

/* --- engine_file.c --------------------------------------------------------- */

/* A small regular file's JSON, to be put; NULL: there is none. Does not wait for anybody. */
struct json_object *engine_read(const char *path);
/* What a runtime's state, a specification or Docker's own file says. What is known already stays. */
void engine_take_document(struct json_object *o, struct engine_facts *facts);
/* What the list of containers of podman's and CRI-O's storage says. */
void engine_take_storage(struct json_object *o, const char *id, struct engine_facts *facts);
/* The member's text; NULL: it has none. */
const char *engine_text(struct json_object *o, const char *name);

#endif
