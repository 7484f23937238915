/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the prompt by a key while the video plays: 1 to 4, q to quit.
 *
 *   cc -o prompt-keys prompt-keys.c $(pkg-config --cflags --libs gstreamer-1.0)
 *   ./prompt-keys [SINK]      SINK: for example "fakesink sync=true"
 */
#include <glib-unix.h>
#include <gst/gst.h>
#include <termios.h>
#include <unistd.h>

static const char *const prompts[] = {"blue waves at sunset", "red fire burning",
                                      "gold bokeh lights", "white fog drifting"};

typedef struct {
    GMainLoop *loop;
    GstElement *source;
} App;

static gboolean on_key(gint fd, GIOCondition condition, gpointer data)
{
    App *app = data;
    char key;
    (void)condition;
    if (read(fd, &key, 1) != 1 || key == 'q') {
        g_main_loop_quit(app->loop);
        return G_SOURCE_REMOVE;
    }
    if (key >= '1' && key < '1' + (int)G_N_ELEMENTS(prompts))
        g_object_set(app->source, "prompt", prompts[key - '1'], NULL); /* from any thread */
    return G_SOURCE_CONTINUE;
}

static void print_error(GstMessage *message)
{
    GError *error;
    gst_message_parse_error(message, &error, NULL);
    g_printerr("prompt-keys: %s\n", error->message);
    g_error_free(error);
}

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
    App *app = data;
    (void)bus;
    if (gst_message_has_name(message, "t2v-changed")) {
        char *text = gst_structure_to_string(gst_message_get_structure(message));
        g_print("%s\n", text);
        g_free(text);
    }
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        print_error(message);
    if (GST_MESSAGE_TYPE(message) & (GST_MESSAGE_ERROR | GST_MESSAGE_EOS))
        g_main_loop_quit(app->loop);
    return G_SOURCE_CONTINUE;
}

/** Keys come at once, not line by line. */
static gboolean make_raw(struct termios *before)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, before) < 0)
        return FALSE; /* no terminal */
    raw = *before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

int main(int argc, char **argv)
{
    App app = {0};
    GError *error = NULL;
    struct termios before;
    gst_init(&argc, &argv);
    char *launch = g_strdup_printf("t2vsrc name=source is-live=true prompt=\"%s\" ! "
                                   "video/x-raw,width=256,height=144 ! queue ! videoconvert ! %s",
                                   prompts[0], argc > 1 ? argv[1] : "autovideosink");
    GstElement *pipeline = gst_parse_launch(launch, &error);
    g_free(launch);
    if (error) {
        g_printerr("prompt-keys: %s\n", error->message);
        return 1;
    }
    app.loop = g_main_loop_new(NULL, FALSE);
    app.source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_bus_add_watch(bus, on_message, &app);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_key, &app);

    gboolean raw = make_raw(&before);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_main_loop_run(app.loop);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    if (raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);

    gst_bus_remove_watch(bus);
    gst_object_unref(bus);
    gst_object_unref(app.source);
    gst_object_unref(pipeline);
    g_main_loop_unref(app.loop);
    return 0;
}
