#include "apps/tidegate/completion.h"

namespace tidegate::apps {

const char* const kBashCompletion = R"sh(_tidegate() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
  local verbs="up down status explain logs rehearse simulate serve stop balancer metadata cost"
  verbs="$verbs env doctor completion version"
  local words=""
  _tidegate_ask() {
    tidegate status --json 2>/dev/null | grep -o "\"$1\": *\"[^\"]*\"" | cut -d'"' -f4
  }
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=$verbs
  else
    case "$verb:$before" in
      up:up | balancer:--template) COMPREPLY=($(compgen -f -- "$word")); return ;;
      simulate:simulate | simulate:--*) COMPREPLY=($(compgen -f -- "$word")); return ;;
      down:down) words=$(_tidegate_ask StackName) ;;
      explain:explain) words="group instance activity" ;;
      explain:group) words=$(_tidegate_ask AutoScalingGroupName) ;;
      explain:instance | logs:*) words="$(_tidegate_ask InstanceId) --follow --json" ;;
      rehearse:rehearse) words="scale-out scale-in scale-up scale-down" ;;
      completion:*) words="bash zsh" ;;
      up:*) words="--stack-name --parameter --json" ;;
      down:*) words="--now --json" ;;
      status:*) words="--watch --json" ;;
      rehearse:*) words="--to-max --stack --json" ;;
      simulate:*) words="--trace --seed --group --parameter --svg --ledger --json" ;;
      serve:*) words="--detach" ;;
      stop:*) words="--all" ;;
      balancer:*) words="--template --listen --workers --admin" ;;
      *) words="--json" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _tidegate tidegate
)sh";

const char* const kZshCompletion = R"sh(#compdef tidegate
_tidegate() {
  local -a verbs
  verbs=(
    'up:create or update a stack, and wait until it serves'
    'down:delete a stack, and wait until it is gone'
    'status:what is, and whether it is well'
    'explain:why it is as it is'
    'logs:what an instance wrote on its console'
    'rehearse:run the scaling test against the live stack'
    'simulate:what a policy would have done with recorded traffic'
    'serve:run the control plane of this home'
    'stop:end the control plane; traffic goes on'
    'balancer:the data plane alone, from a template'
    'cost:what each stack costs and has cost'
    'metadata:the metadata service of the instances'
    'env:what aws cli and boto3 need'
    'doctor:what this machine can do'
    'completion:words for your shell'
    'version:which build this is'
  )
  if (( CURRENT == 2 )); then
    _describe 'verb' verbs
    return
  fi
  case $words[2] in
    up) _arguments '*:template:_files' '--stack-name[name]' '--parameter[NAME=VALUE]' '--json' ;;
    down) _values 'option' --now --json ;;
    status) _values 'option' --watch --json ;;
    explain) _values 'kind' group instance activity ;;
    logs) _values 'option' -f --follow --json ;;
    rehearse) _values 'direction' scale-out scale-in scale-up scale-down --to-max --json ;;
    simulate) _arguments '*:template:_files' '--trace[file]:trace:_files' '--seed[number]' \
      '--group[name]' '--parameter[NAME=VALUE]' '--svg[file]:svg:_files' \
      '--ledger[file]:ledger:_files' '--json' ;;
    serve) _values 'option' --detach ;;
    stop) _values 'option' --all ;;
    balancer) _arguments '--template[file]:template:_files' '--listen[address]' \
      '--workers[number]' '--admin[address]' ;;
    completion) _values 'shell' bash zsh ;;
    *) _values 'option' --json ;;
  esac
}
compdef _tidegate tidegate
)sh";

}  // namespace tidegate::apps
