/* Preloaded: a device named osamic lets itself be looked at, and is busy when it is opened, while
 * the file that OSA_FAULT_BUSY names is there. PortAudio looks at a device once before it opens it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPTURE 1

int snd_pcm_open(void **pcm, const char *name, int stream, int mode)
{
    static int looks;
    const char *asked = getenv("OSA_FAULT_BUSY");
    /* PortAudio has loaded it for itself alone: it is not among what comes next */
    void *alsa = dlopen("libasound.so.2", RTLD_LAZY);
    int (*real)(void **, const char *, int, int) = dlsym(alsa, "snd_pcm_open");

    if (stream == CAPTURE && strcmp(name, "osamic") == 0 && looks++ % 2 == 1 &&
        asked && access(asked, F_OK) == 0)
        return -EBUSY;
    return real(pcm, name, stream, mode);
}
