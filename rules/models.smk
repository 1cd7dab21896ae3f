# What trainings read, and what scores of a classifier are made of.


def usable_for(partition):
    """Return an input function: the usable trials of a partition of the training corpus."""

    def usable(wildcards):
        return path_of(
            stages.POOLED if is_pool(wildcards.corpus) else stages.USABLE,
            "usable",
            source=experiment.source_of(wildcards.recipe),
            corpus=wildcards.corpus,
            partition=partition,
        )

    return usable


def labels_for(wildcards):
    """Return the labelled subset of the training corpus."""
    return path_of(
        stages.POOLED_LABELS if is_pool(wildcards.corpus) else stages.LABELS,
        **wildcards,
    )


def of_members(template):
    """Return an input function: a file of each corpus of a pool, in the order of its name."""
    return lambda wildcards: [
        template.format(**{**wildcards, "corpus": corpus})
        for corpus in members_of(wildcards.corpus)
    ]


def usable_partitions(name):
    """Return an output of all gathered utterances that the experiments use."""
    return [
        stages.USABLE.outputs[name].format(
            source=source, corpus=corpus, partition=partition
        )
        for source, corpus, partition in experiment.usable_in_use
    ]


def training_shards(wildcards):
    template = shard_template(experiment.source_of(wildcards.recipe))
    shards = [
        shard
        for corpus in members_of(wildcards.corpus)
        for partition in ("train", "dev")
        for shard in holdings.shards_with(template, corpus, partition)
    ]
    return sorted(set(shards))


def dev_shards(wildcards):
    template = shard_template(experiment.source_of(wildcards.recipe))
    shards = [
        shard
        for corpus in members_of(wildcards.corpus)
        for shard in holdings.shards_with(template, corpus, "dev")
    ]
    return sorted(set(shards))


def trained_frontend(wildcards):
    """Return the model that a recipe trains on from; nothing, where it trains none."""
    if experiment.trained_frontend(wildcards.recipe) is None:
        return []
    return given_files(
        experiment.frontend_files(experiment.recipe(wildcards.recipe).frontend)
    )


def kept_frontend(wildcards):
    """Return the model that a classifier's file leaves out; nothing, where it is whole."""
    if not experiment.keeps_adapters(wildcards.recipe):
        return []
    return trained_frontend(wildcards)


def model_files(folder):
    """Return the two files of a saved model."""
    return [f"{folder}/model.safetensors", f"{folder}/config.json"]


def made_model(stage, wildcards):
    """Return the two files of a model that the workflow makes."""
    return [stage.outputs[name].format(**wildcards) for name in ("model", "config")]


def encoder_of(wildcards):
    """Return the encoder to start from: nothing, for a recipe without pre-training."""
    if folder := experiment.recipe(wildcards.recipe).encoder:
        return given_files(model_files(folder))
    pretrained_by = experiment.pretrained_by(wildcards.recipe)
    if pretrained_by is None:
        return []
    corpus = experiment.pretrained_on(wildcards.recipe, wildcards.corpus)
    encoder = {**wildcards, "recipe": pretrained_by, "corpus": corpus}
    return made_model(stages.PRETRAINING, encoder)


def classifier_of(wildcards):
    """Return the files of a classifier: of the folder that a recipe names, or trained."""
    if folder := experiment.recipe(wildcards.recipe).classifier:
        return given_files(model_files(folder))
    return made_model(stages.FINETUNING, wildcards)


def embedding_classifier(wildcards):
    """Return the files of a classifier whose network makes embeddings."""
    try:
        check_embeds(wildcards.recipe, experiment.config.recipes)
    except SignlError as error:
        raise WorkflowError(str(error)) from None
    return classifier_of(wildcards)


def frontend_of_scoring(wildcards):
    """Return the model of a front-end that scoring computes with; nothing, where none is needed."""
    if experiment.streamed_frontend(wildcards.recipe, wildcards.eval_corpus) is None:
        return kept_frontend(wildcards)
    return given_files(
        experiment.frontend_files(experiment.recipe(wildcards.recipe).frontend)
    )


def scoring_threads(wildcards):
    """Return one that computes, and those that load, or that decode for a front-end on a GPU."""
    is_streamed = experiment.streamed_frontend(wildcards.recipe, wildcards.eval_corpus)
    return 1 + max(LOADER_WORKERS, DECODERS if GPUS and is_streamed else 0)


def usable_eval_trials(wildcards):
    corpus, _ = split_perturbed(wildcards.eval_corpus)
    return path_of(
        stages.USABLE,
        "usable",
        source=experiment.source_of(wildcards.recipe, wildcards.eval_corpus),
        corpus=corpus,
        partition="eval",
    )


def score_file_of(wildcards):
    """Return the score file of a system that is given by its scores."""
    return given_files([experiment.score_file(wildcards)])


def scores_of(wildcards):
    """Return the scores of a classifier: computed, given, or the mean of others'."""
    return path_of(stage_of_scores(experiment.recipe(wildcards.recipe)), **wildcards)


def scores_of_members(stage):
    """Return an input function: scores of the recipes that a recipe is the mean of."""
    return lambda wildcards: [
        stage.outputs["scores"].format(**{**wildcards, "recipe": member})
        for member in experiment.recipe(wildcards.recipe).mean_of
    ]


def combining_of(wildcards):
    """Return the training corpus, and the recipes whose mean is taken."""
    return combining_options(experiment.recipe(wildcards.recipe), wildcards.corpus)


def measured_trials(wildcards):
    """Return the trials that scores are measured on: all, where the scores are given."""
    if experiment.recipe(wildcards.recipe).scores:
        return path_of(stages.MANIFEST, corpus=wildcards.eval_corpus)
    return usable_eval_trials(wildcards)


def of_evaluated(find):
    """Return an input function: what is found of each evaluation corpus of a pool."""
    return lambda wildcards: [
        find(Wildcards(fromdict={**wildcards, "eval_corpus": corpus}))
        for corpus in members_of(wildcards.pool)
    ]


def dev_files_of(wildcards):
    """Return what fixes threshold and calibration: nothing, for a classifier that is given."""
    recipe = experiment.recipe(wildcards.recipe)
    if recipe.is_given and not recipe.mean_of:
        return []
    stage = stages.COMBINED_DEV_SCORES if recipe.mean_of else stages.DEV_SCORES
    return [
        stage.outputs["scores"].format(**wildcards),
        usable_for("dev")(wildcards),
        labels_for(wildcards),
    ]


def eval_shards(wildcards):
    corpus, _ = split_perturbed(wildcards.eval_corpus)
    source = experiment.source_of(wildcards.recipe, wildcards.eval_corpus)
    template = shard_template(source)
    return holdings.shards_with(template, corpus, "eval")


def scoring_options(wildcards):
    """Return the corpus of a classifier, and what is done to the one that it is evaluated on.

    Of a network of one's own also its kind, whose code may then be run.
    """
    return {
        "corpus": wildcards.corpus,
        **experiment.scoring_besides(wildcards.recipe, wildcards.eval_corpus),
        **experiment.own_network(wildcards.recipe, wildcards.corpus),
    }


def dev_scoring_options(wildcards):
    """Return partition and corpus, and the kind of a network of one's own."""
    own = experiment.own_network(wildcards.recipe, wildcards.corpus)
    return {"partition": "dev", "corpus": wildcards.corpus, **own}


def pretraining_options(wildcards):
    return experiment.pretraining_options(
        wildcards.recipe, wildcards.corpus
    ).dump_given()


def finetuning_options(wildcards):
    return experiment.finetuning_options(
        wildcards.recipe, wildcards.corpus
    ).dump_given()


def of_sweep(sweep, find):
    """Return an input function: what is found of each classifier of a sweep."""

    def found(wildcards):
        cells = sweep.cells(dict(wildcards.items()))
        paths = [find(Wildcards(fromdict=cell)) for cell in cells]
        return [
            path
            for each in paths
            for path in ([each] if isinstance(each, str) else each)
        ]

    return found


def swept(stage, name):
    """Return what finds an output of a stage that is made of a classifier."""
    return lambda cell: path_of(stage, name, **cell)


def outputs_of(sweep, stage):
    """Return the outputs of a stage, of each classifier of a sweep."""
    return {name: sweep.paths(template) for name, template in stage.outputs.items()}


def dev_scores_of(cell):
    return dev_files_of(cell)[0]
