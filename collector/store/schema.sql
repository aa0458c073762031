-- SPDX-License-Identifier: BSD-2-Clause
--
-- The log: one SQLite database in WAL mode. People query the view `events`;
-- the tables under it store what recurs once: a stack is a row, and so is a
-- call (an event with its arguments, result, masks and stack), so that an
-- occurrence of it costs a few bytes. Numbers of signals, errors and events
-- are named by tables of their own, so the log explains itself.
-- The version is PRAGMA user_version; a reader refuses a newer one by name.

PRAGMA application_id = 0x5369676d;
PRAGMA user_version = 2;

-- One recording: a collector's start to its end. `ended_ns` stays null and
-- `clean` 0 when the collector was killed.
CREATE TABLE runs (
	id INTEGER PRIMARY KEY,
	started_ns INTEGER NOT NULL,	-- CLOCK_REALTIME
	mono_ns INTEGER NOT NULL,	-- CLOCK_MONOTONIC at the same moment
	ended_ns INTEGER,		-- CLOCK_REALTIME
	clean INTEGER NOT NULL DEFAULT 0,
	command TEXT,			-- of `sigshim run`; null for a daemon
	host TEXT, kernel TEXT, boot_id TEXT, sigshim TEXT
);

-- What collectors that have not ended cleanly still have in files beside the
-- log: `indexed` is the position in that run's file up to which the log has
-- everything. Row ids of the run are above `base`.
CREATE TABLE journals (
	run INTEGER PRIMARY KEY REFERENCES runs,
	base INTEGER NOT NULL,
	indexed INTEGER NOT NULL DEFAULT 0
);

-- One program image: a fork or an exec makes a new row.
CREATE TABLE processes (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	parent INTEGER REFERENCES processes,	-- it forked from, or was before exec or under
					-- another collector, which was killed
	pid INTEGER NOT NULL,		-- in its own pid namespace
	host_pid INTEGER NOT NULL,	-- as the kernel told the collector
	ppid INTEGER, uid INTEGER, gid INTEGER,
	comm TEXT, exe TEXT, cmdline TEXT,
	container TEXT,			-- its engine's id, else the name that its runtime knows it by, else
					-- mnt: and the mount namespace's number; null: in none
	transport TEXT, stack_mode TEXT, depth INTEGER, overflow TEXT,
	minsigstksz INTEGER,		-- AT_MINSIGSTKSZ
	instance INTEGER,		-- random, the same again after a reconnection
	mask_start INTEGER,		-- mask of the thread that said hello
	pending_start INTEGER,		-- signals pending then, inherited through exec
	birth TEXT,			-- fork, vfork: its parent's image; exec: the same process's;
					-- start: a new process's first image that was heard of
	ignored_start INTEGER,		-- signals that it ignored then; null when unknown
	started_ns INTEGER NOT NULL,	-- CLOCK_MONOTONIC
	ended_ns INTEGER,
	end TEXT,			-- exit, killed, exec, vfork (child until its exec or end),
					-- open (still running at the end), never (no hello)
	lost INTEGER NOT NULL DEFAULT 0	-- calls it made that are not in the log
);

-- What engines, outside of them, say of containers.
CREATE TABLE containers (
	id TEXT PRIMARY KEY,
	name TEXT, image TEXT,
	pod TEXT,			-- its namespace, a slash, and its name
	pod_name TEXT, pod_namespace TEXT, pod_uid TEXT,
	labels TEXT			-- the pod's: a JSON object
) WITHOUT ROWID;

CREATE TABLE threads (
	id INTEGER PRIMARY KEY,
	process INTEGER NOT NULL REFERENCES processes,
	ordinal INTEGER NOT NULL,	-- tids recur, ordinals don't
	tid INTEGER NOT NULL,
	host_tid INTEGER
);
CREATE INDEX threads_process ON threads(process);

CREATE TABLE modules (
	id INTEGER PRIMARY KEY,
	path TEXT NOT NULL,
	build_id TEXT NOT NULL DEFAULT ''	-- hex
);

-- Where a process had a module. Address = bias + offset.
CREATE TABLE mappings (
	id INTEGER PRIMARY KEY,
	process INTEGER NOT NULL REFERENCES processes,
	module INTEGER NOT NULL REFERENCES modules,
	start INTEGER NOT NULL, end INTEGER NOT NULL, bias INTEGER NOT NULL,
	from_ns INTEGER NOT NULL,
	flags INTEGER NOT NULL DEFAULT 0	-- 1: libsigshim.so itself
);
CREATE INDEX mappings_process ON mappings(process, module);

-- A code address: an offset (ELF virtual address) in a module, or, with a
-- null module, an absolute one. `exact` is 1 for an interrupted instruction,
-- 0 for a return address, whose call is the instruction before.
CREATE TABLE frames (
	id INTEGER PRIMARY KEY,
	module INTEGER REFERENCES modules,
	offset INTEGER NOT NULL,
	exact INTEGER NOT NULL DEFAULT 0,
	state INTEGER NOT NULL DEFAULT 0,	-- 0 to do, 1 named, 2 nothing known
	signal INTEGER NOT NULL DEFAULT 0	-- 1: the kernel's signal trampoline
);
CREATE UNIQUE INDEX frames_key ON frames(ifnull(module, 0), offset, exact);
CREATE INDEX frames_todo ON frames(id) WHERE state = 0;

-- What a frame is called. Level 0 is the innermost of inlined functions.
CREATE TABLE symbols (
	frame INTEGER NOT NULL REFERENCES frames,
	level INTEGER NOT NULL,
	function TEXT,			-- demangled
	function_offset INTEGER,
	file TEXT, line INTEGER,
	inlined INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (frame, level)
) WITHOUT ROWID;
CREATE INDEX symbols_function ON symbols(function);

CREATE TABLE stacks (
	id INTEGER PRIMARY KEY,
	depth INTEGER NOT NULL,
	end INTEGER NOT NULL		-- why it ends there: stack_ends
);
CREATE TABLE stack_frames (
	stack INTEGER NOT NULL REFERENCES stacks,
	depth INTEGER NOT NULL,		-- 0 is the innermost
	frame INTEGER NOT NULL REFERENCES frames,
	PRIMARY KEY (stack, depth)
) WITHOUT ROWID;
CREATE INDEX stack_frames_frame ON stack_frames(frame, stack);

-- By what numbers a living process speaks of stacks: for the collector that
-- goes on when this one is killed.
CREATE TABLE shim_stacks (
	process INTEGER NOT NULL REFERENCES processes,
	number INTEGER NOT NULL,
	stack INTEGER NOT NULL REFERENCES stacks,
	PRIMARY KEY (process, number)
) WITHOUT ROWID;

CREATE TABLE calls (
	id INTEGER PRIMARY KEY,
	event INTEGER NOT NULL REFERENCES event_names,
	ret INTEGER,			-- null: recorded as it began
	error INTEGER NOT NULL DEFAULT 0,	-- errno value; 0: success
	how INTEGER,
	signals INTEGER NOT NULL DEFAULT 0,	-- bits: in a set, changed in the mask, or sent
	mask_before INTEGER, mask_requested INTEGER, mask_after INTEGER,
	args TEXT NOT NULL,		-- JSON object
	raw TEXT NOT NULL,		-- JSON array: the arguments as numbers
	flags INTEGER NOT NULL DEFAULT 0,	-- 1: by a vfork child; times 16: origins
	stack INTEGER REFERENCES stacks
);
CREATE INDEX calls_event ON calls(event);
CREATE INDEX calls_stack ON calls(stack);

CREATE TABLE event_log (
	id INTEGER PRIMARY KEY,
	thread INTEGER NOT NULL REFERENCES threads,
	call INTEGER NOT NULL REFERENCES calls,
	seq INTEGER NOT NULL,		-- per thread, consecutive
	ts_ns INTEGER NOT NULL,		-- CLOCK_MONOTONIC at entry
	duration_ns INTEGER NOT NULL
);
CREATE INDEX event_log_thread ON event_log(thread, seq);
CREATE INDEX event_log_call ON event_log(call);

-- Where in time the rows of event_log lie, a block at a time, since they come
-- nearly in order: what an index on ts_ns would cost, without its bytes. An
-- event with first <= id <= last may also belong to a neighbouring block.
CREATE TABLE event_blocks (
	first INTEGER PRIMARY KEY, last INTEGER NOT NULL,	-- ids
	min_ts INTEGER NOT NULL, max_ts INTEGER NOT NULL
);

-- What is not in the log, as far as it is known. count is null when nobody
-- can tell how many.
CREATE TABLE gaps (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	process INTEGER REFERENCES processes,
	thread INTEGER REFERENCES threads,
	ts_ns INTEGER NOT NULL,
	first_seq INTEGER, last_seq INTEGER,
	count INTEGER,
	reason TEXT NOT NULL
);

-- Frames and peers that the collector refused, by reason.
CREATE TABLE refusals (
	run INTEGER NOT NULL REFERENCES runs,
	reason TEXT NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (run, reason)
) WITHOUT ROWID;

-- What a verifier found of a thread: how many of the watched system calls the
-- kernel saw, by origin; shims' records, and those of them that a kernel event
-- is missing for; records that differ from what the kernel did (findings).
-- `unselected` are calls through wrappers that the settings did not record.
CREATE TABLE certificates (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	process INTEGER REFERENCES processes,	-- null: the run as a whole
	thread INTEGER REFERENCES threads,	-- null: the process as a whole
	tid INTEGER,				-- as the kernel numbers it
	kernel INTEGER NOT NULL, wrapped INTEGER NOT NULL, shim INTEGER NOT NULL,
	libc_internal INTEGER NOT NULL, syscall INTEGER NOT NULL, inline INTEGER NOT NULL,
	unshimmed INTEGER NOT NULL, lost INTEGER NOT NULL, unselected INTEGER NOT NULL,
	records INTEGER NOT NULL, unmatched INTEGER NOT NULL, mismatched INTEGER NOT NULL,
	complete TEXT NOT NULL,			-- yes, no, or unknown
	why TEXT				-- if it isn't yes
);

-- Where a shim's record and the kernel disagree. `record` is the shim's copy,
-- `entry` the kernel's view as the call began, `effect` what came of it.
CREATE TABLE findings (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES runs,
	process INTEGER REFERENCES processes,
	thread INTEGER REFERENCES threads,
	seq INTEGER,				-- of the record
	ts_ns INTEGER NOT NULL,			-- CLOCK_MONOTONIC, in the kernel
	kind TEXT NOT NULL,			-- toctou, result, no-kernel-event, ...
	what TEXT NOT NULL,			-- the argument or state that it is about
	record TEXT, entry TEXT, effect TEXT,
	ip INTEGER,				-- where the system call was made
	stack INTEGER REFERENCES stacks,	-- of the system call, as the kernel saw it; that of the record is its event's
	writer INTEGER				-- of a toctou: the process's only other thread, as the kernel numbers it
);

CREATE TABLE event_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL);
CREATE TABLE origins (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE signals (signo INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE errnos (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE stack_ends (id INTEGER PRIMARY KEY, reason TEXT NOT NULL);

-- One row an event. Masks are names joined by spaces, '' when empty and null
-- when unknown; caller is the innermost frame's function.
CREATE VIEW events AS
SELECT e.id, p.run,
	strftime('%Y-%m-%dT%H:%M:%S', (r.started_ns + e.ts_ns - r.mono_ns) / 1000000000, 'unixepoch')
		|| printf('.%09dZ', (r.started_ns + e.ts_ns - r.mono_ns) % 1000000000) AS time,
	e.ts_ns, e.duration_ns, e.seq, p.pid, t.tid, p.host_pid, t.host_tid, p.comm, p.exe, p.container,
	k.name AS container_name, k.image, k.pod, n.name AS event, (SELECT name FROM origins WHERE id = c.flags >> 4) AS origin, c.args, c.ret,
	(SELECT name FROM errnos WHERE number = c.error) AS errno,
	CASE WHEN c.mask_before IS NOT NULL THEN ifnull((SELECT group_concat(name, ' ') FROM signals
		WHERE c.mask_before >> (signo - 1) & 1), '') END AS mask_before,
	CASE WHEN c.mask_requested IS NOT NULL THEN ifnull((SELECT group_concat(name, ' ') FROM signals
		WHERE c.mask_requested >> (signo - 1) & 1), '') END AS mask_requested,
	CASE WHEN c.mask_after IS NOT NULL THEN ifnull((SELECT group_concat(name, ' ') FROM signals
		WHERE c.mask_after >> (signo - 1) & 1), '') END AS mask_after,
	(SELECT s.function FROM stack_frames f JOIN symbols s ON s.frame = f.frame AND s.level = 0
		WHERE f.stack = c.stack AND f.depth = 0) AS caller,
	c.stack, t.process, e.thread, e.call
FROM event_log e
JOIN calls c ON c.id = e.call
JOIN event_names n ON n.id = c.event
JOIN threads t ON t.id = e.thread
JOIN processes p ON p.id = t.process
JOIN runs r ON r.id = p.run
LEFT JOIN containers k ON k.id = p.container;

-- The stacks on both sides of a finding: of the shim's record, and, where the
-- kernel's program took one, of its system call.
CREATE VIEW finding_frames AS
SELECT b.finding, b.side, x.depth, s.function, m.path AS module, r.offset
FROM (SELECT f.id AS finding, 'record' AS side, c.stack
	FROM findings f JOIN event_log e ON e.thread = f.thread AND e.seq = f.seq JOIN calls c ON c.id = e.call
	UNION ALL SELECT id, 'kernel', stack FROM findings) b
JOIN stack_frames x ON x.stack = b.stack
JOIN frames r ON r.id = x.frame
LEFT JOIN modules m ON m.id = r.module
LEFT JOIN symbols s ON s.frame = r.id AND s.level = 0;
