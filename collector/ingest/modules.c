/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sorted ranges of modules.h. Used by a session. Not thread-safe.
 */
#include "modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Index of the first range that ends above addr. */
static size_t first_above(const struct modules *m, uint64_t addr)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->list[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int modules_add(struct modules *m, struct budget *b, const struct mapped *add)
{
	size_t at = first_above(m, add->start), end = at;
	int r;

	while (end < m->n && m->list[end].start < add->end)
		end++;
	if (end == at && m->n >= MODULES_MAX)
		return -ENOMEM;
	r = budget_grow(b, (void **)&m->list, &m->size, m->n + 1, sizeof(*m->list));
	if (r < 0)
		return r;
	memmove(m->list + at + 1, m->list + end, (m->n - end) * sizeof(*m->list));
	m->n = m->n - (end - at) + 1;
	m->list[at] = *add;
	return 0;
}

static const struct mapped *find(const struct modules *m, uint64_t addr)
{
	size_t at = first_above(m, addr);

	return at < m->n && m->list[at].start <= addr ? &m->list[at] : NULL;
}

const struct mapped *modules_find(const struct modules *m, uint64_t pc)
{
	const struct mapped *found = find(m, pc);

	/* A call that never returns may be a module's last instruction. */
	return found || pc == 0 ? found : find(m, pc - 1);
}

int modules_copy(struct modules *to, struct budget *b, const struct modules *from)
{
	int r = budget_grow(b, (void **)&to->list, &to->size, from->n, sizeof(*to->list));

	if (r < 0)
		return r;
	if (from->n)
		memcpy(to->list, from->list, from->n * sizeof(*to->list));
	to->n = from->n;
	return 0;
}

void modules_free(struct modules *m, struct budget *b)
{
	budget_give(b, m->size * sizeof(*m->list));
	free(m->list);
	*m = (struct modules){ 0 };
}
