/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stacks that a thread knows; see memo.h.
 *
 * A walk is a function of the registers that it begins with, the unwind tables,
 * and the words that it reads from memory: return addresses and saved frame
 * pointers. memo_walk.c finds out which words these are, for frames whose
 * tables are plain; a block holds them with the values that they had. If all
 * of them, looked at from the innermost frame outwards, hold the same values
 * again, a walk would read the same words and come to the same stack. In this
 * order no word is read whose address the words before don't vouch for.
 *
 * Blocks form a tree. A search begins at the block of the registers; where a
 * word differs, it goes on at the block for (this block, this word, the value
 * found), which holds the words from there on. So stacks that share their inner
 * frames share their words.
 *
 * The memory is one arena that is cleared when it is full. A handler may
 * interrupt any of this and use the same memo, so whatever is read may be gone
 * at the next instruction, and is checked again (`turn`) before an address out
 * of it is followed; what is written goes only into words that are still clear,
 * by instructions that can't be interrupted halfway.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "memo.h"
#include "memo_walk.h"
#include "shim.h"
#include "sys.h"

#include "banned.h"

#if defined(__x86_64__)

#define INDEX 2048
#define WAYS 2
#define ARENA 16384		/* words; an index entry has 16 bits for them */
#define HEAD 4			/* words of a block before its pairs */
#define FULL ARENA
#define WALKS_BEFORE 16

/*
 * Learning costs a few walks, so it is paid from credit: some to begin with,
 * more for every stack known again, a little for every one that was not.
 */
#define CREDIT_START (256 * CREDIT_LEARN)
#define CREDIT_LEARN 64
#define CREDIT_HIT 16
#define CREDIT_MISS 1
#define CREDIT_MAX (1024 * CREDIT_LEARN)
#define CREDIT_CLEAR (512 * CREDIT_LEARN)

struct memo {
	uint64_t state;		/* turn << 32 | words used */
	uint32_t epoch;
	int32_t credit;
	uint32_t index[INDEX];	/* low half of the turn << 16 | where the block lies */
	uint64_t arena[ARENA];	/* key[3], id | end << 32 | pairs << 40, { address, ~value }... */
};

/* Every memo of this image, so that one can follow another's thread. */
#define MEMOS 1024
static struct {
	uint64_t owner;		/* pid << 32 | tid; 0: free */
	struct memo *memo;
} pool[MEMOS];

static uint32_t turn_of(const struct memo *m)
{
	return (uint32_t)(__atomic_load_n(&m->state, __ATOMIC_RELAXED) >> 32);
}

/* In one instruction, so that no handler comes between; there are no other threads. */
static bool swap(uint64_t *p, uint64_t old, uint64_t new)
{
	bool done;

	__asm__ volatile("cmpxchgq %3, %0" : "+m"(*p), "=@ccz"(done), "+a"(old) : "r"(new) : "memory");
	return done;
}

static unsigned int place(const uint64_t key[3])
{
	uint64_t h = (key[0] ^ key[1] << 17 ^ key[2] << 31) * 0x9e3779b97f4a7c15ull;

	return (unsigned int)(h >> 40) & (INDEX - WAYS);
}

/* The block with this key; 0 for none. */
static unsigned int find_block(const struct memo *m, uint32_t turn, const uint64_t key[3])
{
	unsigned int at = place(key);

	for (unsigned int i = 0; i < WAYS; i++) {
		uint32_t entry = __atomic_load_n(&m->index[at + i], __ATOMIC_RELAXED);
		const uint64_t *b = m->arena + (uint16_t)entry;

		if ((uint16_t)entry && entry >> 16 == (uint16_t)turn &&
		    b[0] == key[0] && b[1] == key[1] && b[2] == key[2])
			return (uint16_t)entry;
	}
	return 0;
}

/*
 * Looks at a block's words: how many are as they were, and with *ret_value what
 * the next one is instead. -1 when the block is gone.
 */
static int compare(const struct memo *m, uint32_t turn, const uint64_t *pair, unsigned int n,
		   uint64_t *ret_value, uintptr_t *ret_address)
{
	for (unsigned int i = 0; i < n; i++, pair += 2) {
		uintptr_t address = __atomic_load_n(&pair[0], __ATOMIC_RELAXED);
		uint64_t value = ~__atomic_load_n(&pair[1], __ATOMIC_RELAXED);

		/* The address is in a register by now: nobody can change it any more. */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		if (unlikely(turn_of(m) != turn || !address))
			return -1;
		*ret_value = *(const volatile uint64_t *)address;
		if (*ret_value != value) {
			*ret_address = address;
			return (int)i;
		}
	}
	return (int)n;
}

static bool search(struct memo *m, uint32_t turn, struct memo_stack *ret, struct memo_miss *miss)
{
	unsigned int block, n, above = 0;
	uint64_t head, value;
	int same;

	while ((block = find_block(m, turn, miss->key)) != 0) {
		head = __atomic_load_n(&m->arena[block + 3], __ATOMIC_RELAXED);
		n = (unsigned int)(head >> 40);
		same = compare(m, turn, &m->arena[block + HEAD], n, &value, &miss->address);
		if (same < 0) {
			miss->memo = NULL;
			return false;
		}
		if ((unsigned int)same == n) {
			*ret = (struct memo_stack){ .id = (uint32_t)head, .end = (uint8_t)(head >> 32) };
			return turn_of(m) == turn;
		}
		/* Odd, as no stack pointer is, so never mistaken for registers. */
		miss->key[0] = (uint64_t)block << 32 | (unsigned int)same << 1;
		miss->key[1] = 1;
		miss->key[2] = ~value;
		miss->matched = above + (unsigned int)same;
		above = miss->matched + 1;
	}
	return false;
}

/* --- whose memo ------------------------------------------------------------ */

static struct memo *new_memo(void)
{
	long p = sys(SYS_mmap, 0, sizeof(struct memo), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return (unsigned long)p > -4096ul ? NULL : (struct memo *)p;
}

static void clear(struct memo *m, uint32_t epoch)
{
	uint64_t state = __atomic_load_n(&m->state, __ATOMIC_RELAXED), next = (state >> 32) + 1;

	/* Nothing of the old turn counts from here on, and nothing is given out yet. */
	__atomic_store_n(&m->state, next << 32 | FULL, __ATOMIC_RELAXED);
	/* New memory is clear, and not there until it is touched. */
	if (state) {
		memset(m->index, 0, sizeof(m->index));
		memset(m->arena, 0, (uint32_t)state * sizeof(*m->arena));
	}
	m->epoch = epoch;
	swap(&m->state, next << 32 | FULL, next << 32 | 1);
}

/* A memo that is nobody's, or whose thread has gone; a few are looked at each time. */
static struct memo *claim(uint64_t me)
{
	static unsigned int next;

	for (unsigned int tries = 0; tries < 16; tries++) {
		unsigned int i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % MEMOS;
		uint64_t owner = __atomic_load_n(&pool[i].owner, __ATOMIC_ACQUIRE);

		if (owner && sys(SYS_tgkill, owner >> 32, (uint32_t)owner, 0) != -ESRCH)
			continue;
		if (!__atomic_compare_exchange_n(&pool[i].owner, &owner, me, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		if (!pool[i].memo)
			pool[i].memo = new_memo();
		if (pool[i].memo)
			return pool[i].memo;
		__atomic_store_n(&pool[i].owner, 0, __ATOMIC_RELEASE);
		return NULL;
	}
	return NULL;
}

static void release(struct memo *m)
{
	for (unsigned int i = 0; i < MEMOS; i++)
		if (pool[i].memo == m)
			__atomic_store_n(&pool[i].owner, 0, __ATOMIC_RELEASE);
}

/* Threads that make few calls need none. */
static __attribute__((noinline)) void obtain(struct thread *t, uint32_t epoch)
{
	struct memo *m;

	if (++t->walks % WALKS_BEFORE != 0 || shim_sandboxed || !shim_config.memo)
		return;
	m = claim((uint64_t)(uint32_t)t->pid << 32 | (uint32_t)t->tid);
	if (!m)
		return;
	m->credit = CREDIT_START;
	clear(m, epoch);
	/* A handler may have been here in between. */
	if (t->memo)
		release(m);
	else
		t->memo = m;
}

void memo_release(struct thread *t)
{
	struct memo *m = t->memo;

	/* First, for a handler that comes meanwhile. */
	t->memo = NULL;
	if (m)
		release(m);
}

void memo_begin(void)
{
	/* Looked at before it is written to: a child copies each page that it writes. */
	for (unsigned int i = 0; i < MEMOS; i++)
		if (pool[i].owner)
			pool[i].owner = 0;
}

/* --- finding and learning -------------------------------------------------- */

bool memo_find(struct thread *t, const struct memo_key *key, uint32_t epoch,
	       struct memo_stack *ret, struct memo_miss *miss)
{
	struct memo *m = t->memo;

	miss->memo = m;
	if (unlikely(!m)) {
		obtain(t, epoch);
		return false;
	}
	if (unlikely(m->epoch != epoch))
		clear(m, epoch);
	miss->turn = turn_of(m);
	miss->key[0] = key->pc;
	miss->key[1] = key->sp;
	miss->key[2] = ~key->fp;
	miss->matched = 0;
	miss->address = 0;
	if (!search(m, miss->turn, ret, miss)) {
		m->credit += CREDIT_MISS;
		return false;
	}
	if (m->credit < CREDIT_MAX)
		m->credit += CREDIT_HIT;
	return true;
}

/* As good as: the next stack might still fit, but not many. */
static bool is_full(const struct memo *m)
{
	return (uint32_t)__atomic_load_n(&m->state, __ATOMIC_RELAXED) > ARENA - HEAD - 2 * MEMO_WORDS(SHIM_MAX_DEPTH);
}

/* Room for n words in this turn; 0 for none. */
static unsigned int allocate(struct memo *m, uint32_t turn, unsigned int n)
{
	uint64_t state;

	do {
		state = __atomic_load_n(&m->state, __ATOMIC_RELAXED);
		if (state >> 32 != turn)
			return 0;
		if ((uint32_t)state + n > ARENA)
			return 0;
	} while (!swap(&m->state, state, state + n));
	return (unsigned int)state;
}

/* Writes the block; false when a handler has taken the words for something else. */
static bool write_block(struct memo *m, unsigned int at, const uint64_t key[3],
			const struct memo_stack *known, const struct memo_word *word, unsigned int n)
{
	uint64_t *to = m->arena + at;
	bool ok = swap(to++, 0, key[0]) && swap(to++, 0, key[1]) && swap(to++, 0, key[2]) &&
		swap(to++, 0, (uint64_t)n << 40 | (uint64_t)known->end << 32 | known->id);

	for (unsigned int i = 0; i < n && ok; i++)
		ok = swap(to++, 0, word[i].address) && swap(to++, 0, ~word[i].value);
	return ok;
}

static void enter_block(struct memo *m, uint32_t turn, unsigned int at, const uint64_t key[3])
{
	uint32_t *way = &m->index[place(key)], entry = turn << 16 | at;

	for (unsigned int i = 0; i < WAYS; i++)
		if (!way[i] || way[i] >> 16 != (uint16_t)turn) {
			__atomic_store_n(&way[i], entry, __ATOMIC_RELAXED);
			return;
		}
	__atomic_store_n(&way[at / 2 % WAYS], entry, __ATOMIC_RELAXED);
}

void memo_learn(const struct memo_miss *miss, const struct memo_key *key,
		const struct stack *st, const struct memo_stack *known)
{
	struct memo *m = miss->memo;
	struct memo_word word[MEMO_WORDS(st->n)];
	unsigned int from = miss->matched, at;
	int n;

	/* Once the memory is full, what is saved up is for clearing it. */
	if (!m || m->credit < (is_full(m) ? CREDIT_CLEAR : CREDIT_LEARN))
		return;
	if (is_full(m)) {
		m->credit -= CREDIT_CLEAR;
		clear(m, m->epoch);
		return;
	}
	m->credit -= CREDIT_LEARN;
	n = memo_words(key, m->epoch, st, word);
	if (n < 0)
		return;
	if (miss->address) {
		if (from >= (unsigned int)n || word[from].address != miss->address ||
		    ~word[from].value != miss->key[2])
			return;
		from++;
	}
	at = allocate(m, miss->turn, HEAD + 2 * ((unsigned int)n - from));
	if (at && write_block(m, at, miss->key, known, word + from, (unsigned int)n - from))
		enter_block(m, miss->turn, at, miss->key);
}

#else

bool memo_find(struct thread *t, const struct memo_key *key, uint32_t epoch,
	       struct memo_stack *ret, struct memo_miss *miss)
{
	miss->memo = NULL;
	return false;
}

void memo_learn(const struct memo_miss *miss, const struct memo_key *key,
		const struct stack *st, const struct memo_stack *known)
{
}

void memo_release(struct thread *t)
{
}

void memo_begin(void)
{
}

#endif
