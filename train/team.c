#include "train/team.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* What each member then reads in a batch stays in a level 1 cache. */
enum { MAX_REPLICATED_MEMBERS = 8, MAX_REPLICATED_FLOATS = 6144 };

static size_t divide_up(size_t numerator, size_t denominator)
{
    return (numerator + denominator - 1) / denominator;
}

/* The longest block that leaves the longest share of a member at most a sixteenth longer. */
size_t team_block_slices(const struct team *team, size_t num_slices)
{
    size_t share = divide_up(num_slices, team->num_members), block = 1;

    while (team->is_alone && block < num_slices) {
        size_t num_blocks = divide_up(num_slices, 2 * block);
        size_t longest = divide_up(num_blocks, team->num_members) * 2 * block;

        if (longest > num_slices)
            longest = num_slices;
        if (longest > share + share / 16)
            break;
        block *= 2;
    }
    return block;
}

/* Cuts memory into arrays of num_parameters; returns the rest. */
static float *cut(float *memory, size_t num_parameters, float **arrays, size_t count)
{
    for (size_t i = 0; i < count; i++)
        arrays[i] = memory + i * num_parameters;
    return memory + count * num_parameters;
}

static bool create_member(const struct team *team, struct member *member, size_t depth,
                          struct error *error)
{
    size_t num_parameters = team->model->num_parameters;
    bool has_copies = team->is_replicated && member != &team->members[0];
    size_t num_copies = team->is_replicated ? team->max_blocks : 0;
    float *rest;
    bool ok = model_workspace_create(team->model, &member->workspace, error);

    member->model = *team->model;
    member->velocity = team->velocity;
    member->accumulated = team->accumulated;
    if (ok)
        ok = memory_allocate(&member->pointers, depth + num_copies, sizeof(float *), error);
    if (ok)
        ok = memory_allocate(&member->memory,
                             (depth + num_copies + (has_copies ? 3 : 0)) * num_parameters,
                             sizeof(float), error);
    if (!ok)
        return ok;
    member->subtrees = member->pointers;
    member->copies = member->pointers + depth;
    rest = cut(member->memory, num_parameters, member->pointers, depth + num_copies);
    if (has_copies) {
        float **own[] = {&member->model.parameters, &member->velocity, &member->accumulated};

        for (size_t i = 0; i < 3; i++)
            if (*own[i])
                rest = cut(rest, num_parameters, own[i], 1);
    }
    return true;
}

static bool create_blocks(struct team *team, struct error *error)
{
    size_t num_parameters = team->model->num_parameters, num_buffers = team->is_replicated ? 2 : 1;
    float *rest;
    bool ok = memory_allocate(&team->block_memory, num_buffers * team->max_blocks,
                              num_parameters * sizeof(float), error);

    for (size_t i = 0; i < 2 && ok; i++)
        ok = memory_allocate(&team->block_grads[i], team->max_blocks, sizeof(float *), error);
    if (!ok)
        return ok;
    rest = cut(team->block_memory, num_parameters, team->block_grads[0], team->max_blocks);
    cut(team->is_replicated ? rest : team->block_memory, num_parameters, team->block_grads[1],
        team->max_blocks);
    return true;
}

bool team_create(struct team *team, struct model *model, float *velocity, float *accumulated,
                 size_t max_threads, const size_t num_slices[2], bool is_alone, struct error *error)
{
    size_t max_slices = num_slices[0] > num_slices[1] ? num_slices[0] : num_slices[1], depth = 0;
    bool ok;

    *team = (struct team){.model = model,
                          .velocity = velocity,
                          .accumulated = accumulated,
                          .num_members = max_threads < max_slices ? max_threads : max_slices,
                          .is_alone = is_alone};
    if (team->num_members == 0)
        team->num_members = 1;
    for (size_t i = 0; i < 2; i++) {
        size_t block = team_block_slices(team, num_slices[i]);
        size_t num_blocks = divide_up(num_slices[i], block);

        team->max_blocks = num_blocks > team->max_blocks ? num_blocks : team->max_blocks;
        while ((size_t)1 << depth < block)
            depth++;
    }
    team->is_replicated = is_alone && team->num_members > 1 &&
                          team->num_members <= MAX_REPLICATED_MEMBERS &&
                          model->num_parameters <= MAX_REPLICATED_FLOATS / team->max_blocks;
    ok = memory_allocate(&team->members, team->num_members, sizeof(*team->members), error);
    for (size_t i = 0; i < team->num_members && ok; i++)
        ok = create_member(team, &team->members[i], depth, error);
    if (ok)
        ok = create_blocks(team, error);
    if (!ok)
        team_destroy(team);
    return ok;
}

void team_destroy(struct team *team)
{
    for (size_t i = 0; team->members && i < team->num_members; i++) {
        model_workspace_destroy(&team->members[i].workspace);
        free(team->members[i].memory);
        free(team->members[i].pointers);
    }
    free(team->members);
    free(team->block_grads[0]);
    free(team->block_grads[1]);
    free(team->block_memory);
    *team = (struct team){0};
}

void team_begin(const struct team *team, struct member *member)
{
    size_t nbytes = team->model->num_parameters * sizeof(float);

    if (member->model.parameters != team->model->parameters)
        memcpy(member->model.parameters, team->model->parameters, nbytes);
    if (member->velocity != team->velocity)
        memcpy(member->velocity, team->velocity, nbytes);
    if (member->accumulated != team->accumulated)
        memcpy(member->accumulated, team->accumulated, nbytes);
}
