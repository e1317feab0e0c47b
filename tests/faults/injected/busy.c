/* Preloaded: a device named osamic lets itself be looked at, and is busy when it is opened, while
 * the file that OSA_FAULT_BUSY names is there.
 *
 * PortAudio looks at a device by opening it once. When it then opens it for good and finds it busy,
 * it tries again every 10 ms for a second; the capture process waits a second before it looks anew.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CAPTURE 1
#define NEXT_LOOK_S 0.9

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

int snd_pcm_open(void **pcm, const char *name, int stream, int mode)
{
    static double last_s = -1e9;
    const char *asked = getenv("OSA_FAULT_BUSY");
    /* PortAudio has loaded it for itself alone: it is not among what comes next */
    void *alsa = dlopen("libasound.so.2", RTLD_LAZY);
    int (*real)(void **, const char *, int, int) = dlsym(alsa, "snd_pcm_open");

    if (stream == CAPTURE && strcmp(name, "osamic") == 0 && asked && access(asked, F_OK) == 0) {
        int is_look = now_s() - last_s > NEXT_LOOK_S;

        last_s = now_s();
        if (!is_look)
            return -EBUSY;
    }
    return real(pcm, name, stream, mode);
}
