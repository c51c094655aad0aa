/* Loaded into Postfix by tests: whoever runs them is the superuser to it, and
   stays who they are when it gives its privileges up. Only what a process
   believes changes; the kernel grants what it granted before. */
#define _GNU_SOURCE
#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

static uid_t user, effective_user;
static gid_t group, effective_group;

uid_t getuid(void) { return user; }
uid_t geteuid(void) { return effective_user; }
gid_t getgid(void) { return group; }
gid_t getegid(void) { return effective_group; }

int setuid(uid_t id) { user = effective_user = id; return 0; }
int seteuid(uid_t id) { effective_user = id; return 0; }
int setgid(gid_t id) { group = effective_group = id; return 0; }
int setegid(gid_t id) { effective_group = id; return 0; }
int setgroups(size_t count, const gid_t *list) { (void)count; (void)list; return 0; }
int initgroups(const char *name, gid_t id) { (void)name; (void)id; return 0; }

int chown(const char *path, uid_t owner, gid_t id) { (void)path; (void)owner; (void)id; return 0; }
int fchown(int file, uid_t owner, gid_t id) { (void)file; (void)owner; (void)id; return 0; }
