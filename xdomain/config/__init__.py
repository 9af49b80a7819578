"""The experiment file as frozen, torch-free models. Unknown keys are refused."""
