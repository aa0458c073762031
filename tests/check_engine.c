/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What engines keep on the host about containers, as each of them writes it,
 * in a folder that stands for the host's root.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/container.h"
#include "ingest/engine.h"
#include "ingest/proc.h"
#include "unit.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static char root[64];

static void make_root(void)
{
	strcpy(root, "/tmp/sigshim-check-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *under_root(const char *path)
{
	static char full[640];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static void make_parents(const char *path)
{
	char part[512];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		ck_assert(mkdir(under_root(part), 0755) == 0 || errno == EEXIST);
	}
}

static void put(const char *path, const char *text)
{
	FILE *f;

	make_parents(path);
	f = fopen(under_root(path), "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fputs(text, f) >= 0, 1);
	fclose(f);
}

/* "name|image|pod|namespace|uid|labels" of ID, "" when nothing is known. */
static const char *ask_with(const struct engine_keeper *keeper)
{
	static char text[8192];
	struct engine_facts f;

	text[0] = '\0';
	if (engine_ask(root, ID, keeper, &f))
		snprintf(text, sizeof(text), "%s|%s|%s|%s|%s|%s", f.name, f.image, f.pod, f.namespace, f.pod_uid,
			 f.labels);
	return text;
}

static const char *ask(void)
{
	return ask_with(NULL);
}

START_TEST(podman_with_runc_is_asked_by_the_states_bundle)
{
	put("/run/runc/" ID "/state.json",
	    "{\"id\":\"x\",\"config\":{\"labels\":[\"io.container.manager=libpod\",\"odd\",7,"
	    "\"bundle=/st/overlay-containers/" ID "/userdata\"]}}");
	ck_assert_str_eq(ask(), "");
	make_parents("/st/overlay-containers/" ID "/userdata/");
	put("/st/overlay-containers/containers.json",
	    "[{\"id\":\"" OTHER "\",\"metadata\":\"{\\\"name\\\":\\\"no\\\"}\"},3,"
	    "{\"id\":\"" ID "\",\"names\":[\"web1\"],\"metadata\":"
	    "\"{\\\"image-name\\\":\\\"localhost/team/known:1.2\\\",\\\"name\\\":\\\"web1\\\"}\"}]");
	ck_assert_str_eq(ask(), "web1|localhost/team/known:1.2||||");
}
END_TEST

START_TEST(kubernetes_with_containerd)
{
	put("/run/containerd/runc/k8s.io/" ID "/state.json",
	    "{\"config\":{\"labels\":[\"io.kubernetes.cri.container-name=app\","
	    "\"io.kubernetes.cri.sandbox-name=web-5f\","
	    "\"io.kubernetes.cri.sandbox-namespace=shop\",\"io.kubernetes.cri.sandbox-uid=u-1\","
	    "\"io.kubernetes.cri.image-name=docker.io/library/nginx:1.25=x\"]}}");
	ck_assert_str_eq(ask(), "app|docker.io/library/nginx:1.25=x|web-5f|shop|u-1|");
}
END_TEST

START_TEST(containerd_with_another_runtime_leaves_the_specification)
{
	put("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
	    "{\"ociVersion\":\"1.1.0\",\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\","
	    "\"io.kubernetes.cri.sandbox-name\":\"web\",\"n\":1}}");
	ck_assert_str_eq(ask(), "app||web|||");
}
END_TEST

START_TEST(kubernetes_with_cri_o_and_crun)
{
	put("/run/crun/" ID "/config.json",
	    "{\"annotations\":{\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web\","
	    "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"u-2\","
	    "\"io.kubernetes.cri-o.ImageName\":\"quay.io/x/y:z\","
	    "\"io.kubernetes.cri-o.Labels\":\"{\\\"app\\\":\\\"web\\\"}\"}}");
	ck_assert_str_eq(ask(), "app|quay.io/x/y:z|web|shop|u-2|{\"app\":\"web\"}");
}
END_TEST

START_TEST(docker)
{
	put("/run/docker/runtime-runc/moby/" ID "/state.json", "{\"config\":{\"labels\":[\"bundle=/nowhere\"]}}");
	put("/var/lib/docker/containers/" ID "/config.v2.json",
	    "{\"Name\":\"/web\",\"Image\":\"sha256:12\",\"Config\":{\"Image\":\"nginx:1\",\"Labels\":{\"a\":\"b\"}}}");
	ck_assert_str_eq(ask(), "web|nginx:1||||");
}
END_TEST

START_TEST(docker_under_kubernetes)
{
	put("/var/lib/docker/containers/" ID "/config.v2.json",
	    "{\"Name\":\"/k8s_app_web_shop_u_0\",\"Config\":{\"Image\":\"nginx@sha256:1\",\"Labels\":{"
	    "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web\","
	    "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"u-3\"}}}");
	ck_assert_str_eq(ask(), "app|nginx@sha256:1|web|shop|u-3|");
}
END_TEST

START_TEST(conmon_is_believed_in_what_it_may_say)
{
	struct engine_keeper k = { .id = ID, .name = "rootless", .bundle = "/st/vfs-containers/" ID "/userdata" };

	make_parents("/st/vfs-containers/" ID "/userdata/");
	put("/st/vfs-containers/containers.json",
	    "[{\"id\":\"" ID "\",\"metadata\":\"{\\\"image-name\\\":\\\"img\\\",\\\"name\\\":\\\"kept\\\"}\"}]");
	ck_assert_str_eq(ask_with(&k), "rootless|||||");
	k.is_roots = true;
	ck_assert_str_eq(ask_with(&k), "kept|img||||");
	strcpy(k.id, OTHER);
	ck_assert_str_eq(ask_with(&k), "");
}
END_TEST

START_TEST(what_is_no_state_is_not_waited_for)
{
	static const char *const texts[] = {
		"", "{", "[]", "null", "7", "\"x\"", "{\"config\":[]}", "{\"config\":{\"labels\":{}}}",
		"{\"annotations\":[1]}", "{\"Config\":{\"Labels\":[]},\"Name\":[]}", "{\"Config\":{\"Image\":{}}}",
	};
	static const char path[] = "/var/lib/docker/containers/" ID "/config.v2.json";
	char *large = malloc(2 << 20);

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(path, texts[i]);
		ck_assert_str_eq(ask(), "");
	}
	memset(large, ' ', 2 << 20);
	strcpy(large + (2 << 20) - 64, "{\"Name\":\"/web\",\"Config\":{}}");
	put(path, large);
	ck_assert_str_eq(ask(), "");
	free(large);
	unlink(under_root(path));
	ck_assert_int_eq(mkfifo(under_root(path), 0600), 0);
	ck_assert_str_eq(ask(), "");
	unlink(under_root(path));
	ck_assert_int_eq(symlink("/etc/passwd", under_root(path)), 0);
	ck_assert_str_eq(ask(), "");
}
END_TEST

START_TEST(no_id_leads_out_of_the_folders_of_states)
{
	static const char *const ids[] = { "..", "../x", "a/b", "", ".", "*", "mnt:12", "[a]", "a\nb", "." };
	struct engine_facts f;

	put("/run/x/state.json", "{\"config\":{\"labels\":[\"nerdctl/name=web\"]}}");
	for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ck_assert(!engine_ask(root, ids[i], NULL, &f));
}
END_TEST

/* A state whose first process is `pid`. */
static void put_state(const char *path, int pid, uint64_t started, const char *cgroup)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"init_process_pid\":%d,\"init_process_start\":%llu,"
		 "\"cgroup_paths\":{\"cpu\":\"%s\"}}", pid, (unsigned long long)started, cgroup);
	put(path, text);
}

START_TEST(a_runtimes_name_is_proven)
{
	char id[CONTAINER_ID] = "";
	int self = getpid();

	put_state("/run/runc/web/state.json", 1 << 22, 5, "/sys/fs/cgroup/cpu/x/other");
	ck_assert(!engine_identify(root, self, "0::/x/web\n", id, sizeof(id)));
	/* by its mounts, when the first process is still the one that it was */
	put_state("/run/runc/web/state.json", self, proc_started(self) + 1, "/other");
	ck_assert(!engine_identify(root, self, "0::/x/web\n", id, sizeof(id)));
	put_state("/run/runc/web/state.json", self, proc_started(self), "/other");
	ck_assert(engine_identify(root, self, "0::/x/web\n", id, sizeof(id)));
	ck_assert_str_eq(id, "web");
	/* by its control group, also below it and with systemd's names */
	put_state("/run/runc/job/state.json", 1 << 22, 5, "/sys/fs/cgroup/x/job");
	ck_assert(engine_identify(root, self, "3:cpu:/\n2:pids:/x/job/deeper\n", id, sizeof(id)));
	ck_assert_str_eq(id, "job");
	ck_assert(!engine_identify(root, self, "0::/y/job\n", id, sizeof(id)));
	put_state("/run/runc/job/state.json", 1 << 22, 5, "/sys/fs/cgroup/system.slice/runc-job.scope");
	ck_assert(engine_identify(root, self, "0::/system.slice/runc-job.scope\n", id, sizeof(id)));
	ck_assert_str_eq(id, "job");
}
END_TEST

START_TEST(crun_says_it_with_other_words)
{
	char id[CONTAINER_ID] = "", text[128];
	int self = getpid();

	snprintf(text, sizeof(text), "{\"pid\":%d,\"process-start-time\":%llu}", self,
		 (unsigned long long)proc_started(self));
	put("/run/crun/web/status", text);
	ck_assert(engine_identify(root, self, "0::/a/web\n", id, sizeof(id)));
	ck_assert_str_eq(id, "web");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("engine");

	tcase_add_checked_fixture(tc, make_root, remove_root);
	tcase_add_test(tc, podman_with_runc_is_asked_by_the_states_bundle);
	tcase_add_test(tc, kubernetes_with_containerd);
	tcase_add_test(tc, containerd_with_another_runtime_leaves_the_specification);
	tcase_add_test(tc, kubernetes_with_cri_o_and_crun);
	tcase_add_test(tc, docker);
	tcase_add_test(tc, docker_under_kubernetes);
	tcase_add_test(tc, conmon_is_believed_in_what_it_may_say);
	tcase_add_test(tc, what_is_no_state_is_not_waited_for);
	tcase_add_test(tc, no_id_leads_out_of_the_folders_of_states);
	tcase_add_test(tc, a_runtimes_name_is_proven);
	tcase_add_test(tc, crun_says_it_with_other_words);
	return run_case("engine", tc);
}
