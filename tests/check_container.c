/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ids of containers in what /proc/PID/cgroup says, as engines write it.
 */
#include <stdio.h>
#include <unistd.h>

#include "ingest/container.h"
#include "unit.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static const struct {
	const char *text, *id;
} cases[] = {
	/* podman with systemd, with cgroupfs, and rootless with a group of its own inside */
	{ "0::/machine.slice/libpod-" ID ".scope\n", ID },
	{ "0::/machine.slice/libpod-" ID ".scope/container\n", ID },
	{ "2:cpu:/libpod_parent/libpod-" ID "\n1:name=systemd:/x\n", ID },
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope\n", ID },
	/* Docker */
	{ "0::/system.slice/docker-" ID ".scope\n", ID },
	{ "12:pids:/docker/" ID "\n0::/docker/" ID "\n", ID },
	/* Kubernetes with containerd and CRI-O, by both drivers */
	{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" ID ".scope\n",
	  ID },
	{ "0::/kubepods/besteffort/pod12-34/" ID "\n", ID },
	{ "0::/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope\n", ID },
	/* seen from another namespace of control groups */
	{ "0::/../../libpod-" ID ".scope\n", ID },
	/* Only the outermost can't have been made inside. */
	{ "0::/docker/" ID "/docker/" OTHER "\n", ID },
	{ "0::/machine.slice/libpod-" ID ".scope/libpod-" OTHER ".scope\n", ID },
	/* what watches a container is not in it */
	{ "0::/machine.slice/libpod-conmon-" ID ".scope\n", "" },
	{ "0::/machine.slice/crio-conmon-" ID ".scope\n", "" },
	/* and no container at all */
	{ "0::/\n", "" },
	{ "0::/user.slice/user-0.slice/session-1.scope\n", "" },
	{ "0::/" ID "\n", "" },
	{ "0::/docker/0123456789abcdef\n", "" },
	{ "0::/docker/" ID "0\n", "" },
	{ "0::/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\n", "" },
	{ "", "" }, { "\n\n", "" }, { ":::", "" }, { "0:", "" }, { "docker-" ID, "" }, { "0::/docker/", "" },
};

START_TEST(ids_are_found_as_engines_write_them)
{
	char id[CONTAINER_ID] = "x";

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		container_in_cgroups(cases[i].text, id);
		ck_assert_msg(strcmp(id, cases[i].id) == 0, "%s gives '%s'", cases[i].text, id);
	}
}
END_TEST

START_TEST(we_and_what_is_gone_are_in_no_container)
{
	char id[CONTAINER_ID] = "x";

	container_of_process(0x3ffffff0, id);
	ck_assert_str_eq(id, "");
	/* That of the namespaces at least is compared with our own. */
	container_of_process(getpid(), id);
	ck_assert_ptr_null(strstr(id, "mnt:"));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("container");

	tcase_add_test(tc, ids_are_found_as_engines_write_them);
	tcase_add_test(tc, we_and_what_is_gone_are_in_no_container);
	return run_case("container", tc);
}
