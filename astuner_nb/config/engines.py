"""What AgentJet and the engines under it keep in the same file: facts, as data. They pass untouched.

Read in AgentJet's default configurations and examples under all three of its names, with verl's own names for the same
sections added.
"""

from __future__ import annotations

ROOTS = ("astuner", "ajet", "astune")
"""Names of the root section: ours, AgentJet's, its oldest."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGINE_KEYS: dict[str, frozenset[str]] = {
    "": _words(
        """
        actor_rollout_ref algorithm context_manager context_tracker critic custom_reward_function
        debug enable_experimental_interchange_server enable_interchange_server
        enable_swarm_mode execute_test execute_testing_lambda experiment_dir hydra interchange_server lora model
        reward_model swarm_mode_sample_collection_max_cached_episodes swarm_mode_sample_collection_method task_judge
        task_reader task_runner trainer trinity verl defaults
        """
    ),
    "trainer_common": _words(
        """
        adv_estimator algorithm checkpoint_base_dir clip_ratio_c clip_ratio_high clip_ratio_low entropy_coeff
        fsdp_config kl_loss_type kl_penalty_type loss_agg_mode loss_extra_scale_ratio mini_batch_num n_gpus_per_node
        nnodes save_trajectory_as_json_file train_print_to_markdown_file_path ulysses_sequence_parallel_size
        use_kl_in_reward use_kl_loss val_before_train val_max_num_task_clip_method val_max_num_task_each_validation
        val_only val_pass_n val_print_to_markdown_file_path
        """
    ),
    "trainer_common.optim": _words(
        """
        betas clip_grad grad_clip lr_scheduler_type lr_warmup_steps lr_warmup_steps_ratio min_lr_ratio num_cycles
        optimizer optimizer_impl override_optimizer_config total_training_steps warmup_style weight_decay
        zero_indexed_step
        """
    ),
    "rollout": _words(
        """
        add_special_success_reward agent_madness_reward agent_madness_termination agentscope_disable_toolcalls
        agentscope_learn_protocol agentscope_workflow binary_reward compute_madness_checklist enable_oversample
        force_disable_toolcalls force_no_think force_think gamma gpu_memory_utilization max_env_len max_env_worker
        max_model_len max_num_seqs max_response_length_in_one_turn mode multi_turn n_vllm_engine name
        step_skip_action submit_oversample_multiplier tensor_model_parallel_size top_k top_p use_agentscope_protocol
        use_step_reward_from_env user_workflow val_kwargs
        """
    ),
    "data": _words(
        """
        filter_overlong_prompts max_prompt_length return_raw_chat seed shuffle train_files truncation val_batch_size
        val_files
        """
    ),
}
"""Dotted path of one of our sections → keys in it that belong to an engine."""

OTHER_NAMES: dict[str, str] = {
    "batch_size": "train_batch_size",
    "best_metric_key": "keep_best",
    "beta": "kl_loss_coef",
    "clip_range": "clip_ratio",
    "epochs": "total_epochs",
    "eps_clip": "clip_ratio",
    "epsilon": "clip_ratio",
    "eval_freq": "test_freq",
    "eval_interval": "test_freq",
    "group_size": "num_repeat",
    "kl_coef": "kl_loss_coef",
    "learning_rate": "lr",
    "max_ckpt_num": "keep_last",
    "max_steps": "total_steps",
    "num_generations": "num_repeat",
    "num_iterations": "ppo_epochs",
    "repeat_times": "num_repeat",
    "save_total_limit": "keep_last",
    "rollout_batch_size": "train_batch_size",
    "save_frequency": "save_freq",
    "save_interval": "save_freq",
    "test_frequency": "test_freq",
}
"""What other libraries call our hyper-parameters: no typo, yet worth a word."""
