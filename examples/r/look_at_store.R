#!/usr/bin/env Rscript
# Prints what a store holds, computes class means, and writes one image as a picture if asked to.
#
#     Rscript look_at_store.R STORE.h5 [IMAGE.png]
#
# R keeps the first index of an array next to each other in memory, HDF5 the last.  hdf5r does not turn arrays
# round: what h5dump calls [N,H,W] is [W,H,N] in R, and colour images [N,H,W,3] are [3,W,H,N].
library(hdf5r)

arguments <- commandArgs(trailingOnly = TRUE)
store <- H5File$new(arguments[1], mode = "r")
classes <- store[["classes"]][]
images <- store[["train/images"]]          # integers of 0 to 255
labels <- store[["train/labels"]][] + 1    # an index into classes, which R counts from 1
cat("dimensions in R:", images$dims, "\n")
print(table(class = factor(classes[labels], levels = classes)))

# The mean of each class, from the images and as the store has it.
is_colour <- length(images$dims) == 4
all <- if (is_colour) images[, , , ] else images[, , ]
stored <- store[["train/class_means"]]
for (c in seq_along(classes)) {
    if (is_colour) {
        means <- apply(all[, , , labels == c, drop = FALSE], 1:3, mean) / 255
        other <- stored[, , , c]
    } else {
        means <- apply(all[, , labels == c, drop = FALSE], 1:2, mean) / 255
        other <- stored[, , c]
    }
    difference <- max(abs(means - other))
    cat(sprintf("%s: mean pixel %.4f, differs from the stored mean by %.1e at most\n",
                classes[c], mean(means), difference))
    stopifnot(difference < 1e-6)
}

if (length(arguments) > 1) {
    image <- if (is_colour) aperm(images[, , , 1], c(3, 2, 1)) else t(images[, , 1])
    png(arguments[2], width = 280, height = 280)
    par(mar = c(0, 0, 0, 0))
    plot(as.raster(image, max = 255), interpolate = FALSE)
    invisible(dev.off())
}
store$close_all()
