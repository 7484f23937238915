# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the scripts beside it: picks an H.264 encoder that is installed, sets the size.
#
#   SIZE    of the video (default: 512x288)
#   FRAMES  how many to make before the end (default: -1, until Ctrl-C)
size=${SIZE:-512x288}
width=${size%x*} height=${size#*x}
frames=${FRAMES:--1}
caps="video/x-raw,format=I420,width=$width,height=$height,framerate=24/1"

if gst-inspect-1.0 --exists x264enc; then
    encoder="x264enc tune=zerolatency speed-preset=veryfast key-int-max=48"
elif gst-inspect-1.0 --exists openh264enc; then
    encoder="openh264enc complexity=low gop-size=48"
else
    echo "no H.264 encoder; install: apt install gstreamer1.0-plugins-ugly (x264enc)" \
        "or gstreamer1.0-plugins-bad (openh264enc)" >&2
    exit 1
fi
