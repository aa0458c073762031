// SPDX-License-Identifier: BSD-2-Clause

// Makes every call of the table as often as its argument says on four threads
// of Go's own, which calls the kernel without a C library. Go's runtime makes
// some of these calls too: what it never does is to have rt_sigprocmask,
// sigaltstack or rt_sigaction refused, or to send signal 0.
package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

type stack struct {
	sp    uintptr
	flags int32
	_     int32
	size  uintptr
}

type room struct {
	set, zero0, zero1 uint64
	pair              [2]uintptr
	info              [16]uint64
	back              [16]uint64
	action            [8]uint64
	event             [2]uint64
	stack             stack
}

func call(n uintptr, a ...uintptr) uintptr {
	var b [6]uintptr
	copy(b[:], a)
	r, _, _ := syscall.RawSyscall6(n, b[0], b[1], b[2], b[3], b[4], b[5])
	return r
}

func at[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

func each(r *room, pid, tid, epfd, pidfd uintptr) {
	none := ^uintptr(0)
	call(14, 77, at(&r.set), 0, 8)
	call(129, pid, 0, at(&r.info))
	call(131, at(&r.stack), 0)
	call(3, call(282, none, at(&r.set), 8))
	call(3, call(289, none, at(&r.set), 8, 0))
	call(297, pid, tid, 0, at(&r.info))
	call(13, 0, 0, at(&r.action), 8)
	call(130, at(&r.set), 4)
	call(128, at(&r.set), at(&r.back), at(&r.zero0), 8)
	call(270, 0, 0, 0, 0, at(&r.zero0), at(&r.pair))
	call(271, 0, 0, at(&r.zero0), at(&r.set), 8)
	call(281, epfd, at(&r.event), 1, 0, at(&r.set), 8)
	call(441, epfd, at(&r.event), 1, at(&r.zero0), at(&r.set), 8)
	call(62, pid, 0)
	call(200, tid, 0)
	call(234, pid, tid, 0)
	call(424, pidfd, 0, 0, 0)
}

// Not on a stack, which Go may move.
var rooms [4]room

func work(r *room, times int) {
	runtime.LockOSThread()
	pid, tid := call(39), call(186)
	epfd, pidfd := call(291, 0), call(434, pid, 0)
	r.set = 1 << 15
	r.pair = [2]uintptr{at(&r.set), 8}
	r.info[1] = uint64(^uint32(0))
	r.info[2] = uint64(pid)
	r.stack.flags = 7
	for i := 0; i < times; i++ {
		each(r, pid, tid, epfd, pidfd)
	}
}

func main() {
	var all sync.WaitGroup
	times, _ := strconv.Atoi(os.Args[1])
	for i := range rooms {
		all.Add(1)
		go func(r *room) {
			work(r, times)
			all.Done()
		}(&rooms[i])
	}
	all.Wait()
}
