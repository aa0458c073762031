/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What shim code must not call, because a wrapper may run in a signal handler,
 * under malloc's lock or in a vfork child. Included last by every file of
 * shim/; calls then fail to compile. The built library's undefined symbols are
 * checked against shim/allowed-symbols.txt as well; that alone keeps out the ones
 * that are events themselves (abort, exit, longjmp, pthread_create).
 */
#ifndef SHIM_BANNED_H
#define SHIM_BANNED_H

#pragma GCC poison malloc calloc realloc free strdup strndup asprintf
#pragma GCC poison printf fprintf dprintf sprintf snprintf vsnprintf puts fputs perror
#pragma GCC poison fopen fdopen fread fwrite fclose getline
#pragma GCC poison assert setenv putenv
#pragma GCC poison pthread_mutex_lock pthread_once pthread_key_create
#pragma GCC poison strerror localtime gmtime

#endif
