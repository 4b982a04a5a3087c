/* Chunks from one file to another as they are. */
#include "common/text.h"
#include "formats/store/rows.h"

static bool has_layout_of(const struct row_writer *writer, hid_t source_list)
{
    hsize_t chunk[ROWS_MAX_RANK];
    int rank = (int)writer->layout.rank;
    unsigned flags;

    if (H5Pget_layout(source_list) != H5D_CHUNKED ||
        H5Pget_chunk(source_list, ROWS_MAX_RANK, chunk) != rank || chunk[0] != writer->chunk_rows ||
        H5Pget_nfilters(source_list) != 1 ||
        H5Pget_filter2(source_list, 0, &flags, &(size_t){0}, NULL, 0, NULL, NULL) !=
            H5Z_FILTER_DEFLATE)
        return false;
    for (int i = 1; i < rank; i++)
        if (chunk[i] != writer->layout.shape[i])
            return false;
    return true;
}

bool row_writer_can_copy(const struct row_writer *writer, const struct h5_context *source_file,
                         hid_t source, uint64_t first, uint64_t num_rows)
{
    hid_t list = H5I_INVALID_HID, type = H5I_INVALID_HID;
    bool can_copy = false;

    if (!h5_ok(writer->file) || num_rows < writer->chunk_rows || first % writer->chunk_rows != 0 ||
        writer->num_pending_rows % writer->chunk_rows != 0)
        return false;
    list =
        h5_hold(source_file, H5Dget_create_plist(source), writer->name, "cannot read the layout");
    type = h5_hold(source_file, H5Dget_type(source), writer->name, "cannot read the type");
    if (h5_ok(source_file))
        can_copy = has_layout_of(writer, list) && H5Tequal(type, writer->layout.type) > 0;
    h5_close(source_file, &type);
    h5_close(source_file, &list);
    return can_copy;
}

void row_writer_copy_chunk(struct row_writer *writer, const struct h5_context *source_file,
                           hid_t source, uint64_t first)
{
    size_t i = writer->num_pending_rows / writer->chunk_rows;
    size_t room = row_writer_compressed_bound(writer);
    hsize_t offset[ROWS_MAX_RANK] = {first}, nbytes = 0;
    uint32_t filter_mask = 0;

    if (!h5_ok(writer->file))
        return;
    if (H5Dget_chunk_storage_size(source, offset, &nbytes) < 0 || nbytes == 0)
        h5_fail(source_file, STATUS_DATA, writer->name, "a chunk is missing");
    else if (nbytes > room)
        h5_refuse(source_file, writer->name, "a chunk is larger than any that deflate makes",
                  TEXT("at most %zu bytes", room), TEXT("%llu", (unsigned long long)nbytes));
    else if (H5Dread_chunk(source, H5P_DEFAULT, offset, &filter_mask,
                           writer->compressed + i * room) < 0)
        h5_fail(source_file, STATUS_DATA, writer->name, "cannot read a chunk");
    else if (filter_mask != 0)
        h5_refuse(source_file, writer->name, "a chunk is not compressed", NULL, NULL);
    if (!h5_ok(source_file))
        return;
    writer->compressed_nbytes[i] = nbytes;
    row_writer_count_rows(writer, writer->chunk_rows);
}
